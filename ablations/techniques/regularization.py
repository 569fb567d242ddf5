"""Penalties on the kernels, outputs included and biases not, added to the loss in the graph.

λ Σ|w| and λ Σ w² as in Keras: no mean over the weights and no ½ before the square.  Every loss
that is logged is the cross-entropy alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from ablations.study.families import Regularization
from ablations.study.frozen import NonNegative
from ablations.study.technique import Family, Live, LiveValues

if TYPE_CHECKING:
    import tensorflow as tf


class L1(Regularization):
    """λ Σ|w|: pulls every weight to zero by the same force."""

    name: Literal["l1"] = "l1"
    strength: Live[NonNegative] = 0.01
    """λ."""

    def build(self, live: LiveValues) -> Callable[[list[tf.Tensor]], tf.Tensor]:
        from ablations.techniques.keras.regularization import l1

        return l1(self.values(live)["strength"])


class L2(Regularization):
    """λ Σ w²: its gradient is 2λw."""

    name: Literal["l2"] = "l2"
    strength: Live[NonNegative] = 0.01
    """λ."""

    def build(self, live: LiveValues) -> Callable[[list[tf.Tensor]], tf.Tensor]:
        from ablations.techniques.keras.regularization import l2

        return l2(self.values(live)["strength"])


class L1L2(Regularization):
    """λ₁ Σ|w| + λ₂ Σ w², the elastic net (Zou and Hastie 2005)."""

    name: Literal["l1_l2"] = "l1_l2"
    l1: Live[NonNegative] = 0.01
    l2: Live[NonNegative] = 0.01

    def build(self, live: LiveValues) -> Callable[[list[tf.Tensor]], tf.Tensor]:
        from ablations.techniques.keras.regularization import l1, l2

        values = self.values(live)
        absolute, squared = l1(values["l1"]), l2(values["l2"])
        return lambda kernels: absolute(kernels) + squared(kernels)


REGULARIZATIONS = Family(Regularization, (L1, L2, L1L2))
