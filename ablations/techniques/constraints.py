"""Constraints on the kernels, outputs included and biases not, put through after every step.

An optimizer that keeps weights of its own (FTRL, schedule-free AdamW) takes its next step from
those, so there the constraint bounds what each step leaves and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ablations.study.technique import Family, Positive, Technique

if TYPE_CHECKING:
    import tensorflow as tf


class Constraint(Technique):
    """A set that a kernel is projected into."""

    def project(self, kernel: tf.Tensor) -> tf.Tensor:
        """Return the kernel with the constraint met."""
        raise NotImplementedError


class MaxNorm(Constraint):
    """Each unit's incoming weight vector w to w · min(1, r/‖w‖₂) (Srebro et al. 2005).

    A kernel counts as a matrix, inputs × units; a convolution's has height · width · channels
    inputs and its filters as units.  On a dense kernel this is Keras's ``MaxNorm`` of the same
    ``axis``, without the 1e-7 that Keras adds to the norm.
    """

    name: Literal["max_norm"] = "max_norm"
    live = ("limit",)
    limit: Positive = 1.0
    """r."""
    axis: Literal[0, 1] = 0
    """0: over the inputs of each unit; 1: over the units of each input, the notes' axes=1."""

    def project(self, kernel: tf.Tensor) -> tf.Tensor:
        import tensorflow as tf

        last = kernel.shape.rank - 1
        axes = [last] if self.axis == 1 else list(range(last))
        norms = tf.sqrt(tf.reduce_sum(tf.square(kernel), axes, keepdims=True))
        return kernel * (self.limit / tf.maximum(norms, self.limit))


CONSTRAINTS = Family("constraint", (MaxNorm,), aliases={"maxnorm": "max_norm"})
