"""Constraints on the kernels, outputs included and biases not, put through after every step.

An optimizer that keeps weights of its own (FTRL, schedule-free AdamW) takes its next step from
those, so there the constraint bounds what each step leaves and no more.
"""

from __future__ import annotations

from typing import Literal

from ablations.study.families import Constraint
from ablations.study.frozen import Positive
from ablations.study.protocols import Transform
from ablations.study.technique import Family, Live, LiveValues


class MaxNorm(Constraint):
    """Each unit's incoming weight vector w to w · min(1, r/‖w‖₂) (Srebro et al. 2005).

    A kernel counts as a matrix, inputs × units; a convolution's has height · width · channels
    inputs and its filters as units.  On a dense kernel this is Keras's ``MaxNorm`` of the same
    ``axis``, without the 1e-7 that Keras adds to the norm.
    """

    name: Literal["max_norm"] = "max_norm"
    limit: Live[Positive] = 1.0
    """r."""
    axis: Literal[0, 1] = 0
    """0: over the inputs of each unit; 1: over the units of each input, the notes' axes=1."""

    def build(self, live: LiveValues) -> Transform:
        from ablations.techniques.keras.constraints import max_norm

        return max_norm(self.values(live)["limit"], self.axis)


CONSTRAINTS = Family(Constraint, (MaxNorm,), aliases={"maxnorm": "max_norm"})
