"""Averages of the weights over the steps, used in place of the weights when testing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ablations.study.technique import Family, Share, Technique

if TYPE_CHECKING:
    from ablations.techniques.keras.moving_average import MovingAverage


class ExponentialMovingAverage(Technique):
    """s ← d·s + (1 − d)·w after every step, for the trainable weights w and their shadows s.

    d is ``decay``, or with ``ramp`` min(decay, (1 + n)/(10 + n)) for n updates, so that early
    averages are not held back by the start.  Shadows start at the weights; with ``zero_debias``
    they start at 0 and are divided by 1 − ∏d, which is 1 − dⁿ when d is constant.
    Source: ``tf.train.ExponentialMovingAverage``; Kingma and Ba 2015 for the debiasing.
    """

    name: Literal["ema"] = "ema"
    live = ("decay",)
    decay: Share = 0.999
    ramp: bool = False
    zero_debias: bool = False

    def build(self, variables: list) -> MovingAverage:  # type: ignore[type-arg]
        """Return the shadows of ``variables``."""
        from ablations.techniques.keras.moving_average import MovingAverage

        return MovingAverage(self.decay, self.ramp, self.zero_debias, variables)


WEIGHT_AVERAGES = Family("weight average", (ExponentialMovingAverage,))
