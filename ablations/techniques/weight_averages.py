"""Averages of the weights over the steps, used in place of the weights for evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ablations.study.families import WeightAverage
from ablations.study.frozen import Share
from ablations.study.protocols import AveragedWeights
from ablations.study.technique import Family, Live, LiveValues

if TYPE_CHECKING:
    import tensorflow as tf


class ExponentialMovingAverage(WeightAverage):
    """s ← d·s + (1 − d)·w after every step, for the trainable weights w and their shadows s.

    d is ``decay``, or with ``ramp`` min(decay, (1 + n)/(10 + n)) for n updates, so that early
    averages are not held back by the start.  Shadows start at the weights; with ``zero_debias``
    they start at 0 and are divided by 1 − ∏d, which is 1 − dⁿ when d is constant.
    Source: ``tf.train.ExponentialMovingAverage``; Kingma and Ba 2015 for the debiasing.
    """

    name: Literal["ema"] = "ema"
    decay: Live[Share] = 0.999
    ramp: bool = False
    zero_debias: bool = False

    def build(self, variables: list[tf.Variable], live: LiveValues) -> AveragedWeights:
        from ablations.techniques.keras.moving_average import MovingAverage

        return MovingAverage(self.values(live)["decay"], self.ramp, self.zero_debias, variables)


WEIGHT_AVERAGES = Family(WeightAverage, (ExponentialMovingAverage,))
