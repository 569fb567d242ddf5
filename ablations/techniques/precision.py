"""The precision of a network's arithmetic.

Weights, their gradients, the optimizer, the logits, the loss, batch normalization's statistics and
every evaluation's sums are in float32 throughout; what is lower is the arithmetic between a layer's
inputs and its outputs, in training and in inference.
"""

from __future__ import annotations

from typing import Literal

from ablations.study.families import Precision
from ablations.study.frozen import Count, Positive
from ablations.study.protocols import LossScaler
from ablations.study.technique import Family


class Float32(Precision):
    """All of it in float32: 8 bits of exponent, 23 of mantissa."""

    name: Literal["float32"] = "float32"


class MixedBfloat16(Precision):
    """Layers in bfloat16: float32's 8 bits of exponent, so nothing underflows, and 7 of mantissa.

    Kalamkar et al. 2019; Keras's policy of this name, but that the last layer stays in float32.
    """

    name: Literal["mixed_bfloat16"] = "mixed_bfloat16"


class MixedFloat16(Precision):
    """Layers in float16: 5 bits of exponent, 10 of mantissa; with a loss scaler.

    Below 6e-8 a float16 is 0: the loss is multiplied by a scale S before its gradients are taken,
    which are then divided by S in float32 (Micikevicius et al. 2018).  A step with a gradient that
    is not finite is skipped and halves S; ``growth_steps`` steps without one double it, as in
    Keras's ``LossScaleOptimizer``.  Skipped steps are no updates, and are counted.
    """

    name: Literal["mixed_float16"] = "mixed_float16"
    initial_scale: Positive = 32768.0
    """S at the first step."""
    growth_steps: Count = 2000
    """Steps in a row without an overflow that double S."""
    dynamic: bool = True
    """Whether S changes; steps that overflow are skipped either way."""

    def scaler(self) -> LossScaler:
        from ablations.techniques.keras.precision import DynamicLossScaler

        return DynamicLossScaler(self.initial_scale, self.growth_steps, self.dynamic)


PRECISIONS = Family(Precision, (Float32, MixedBfloat16, MixedFloat16))
