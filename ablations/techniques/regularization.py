"""Penalties on the kernels, outputs included and biases not, added to the loss in the graph.

λ Σ|w| and λ Σ w² as in Keras: no mean over the weights and no ½ before the square.  Every loss
that is logged is the cross-entropy alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ablations.study.technique import Family, NonNegative, Technique

if TYPE_CHECKING:
    import tensorflow as tf


class Regularization(Technique):
    """What is added to the loss for the size of the weights."""

    def penalty(self, kernels: list[tf.Tensor]) -> tf.Tensor:
        """Return the penalty, a scalar."""
        raise NotImplementedError


class L1(Regularization):
    """λ Σ|w|: pulls every weight to zero by the same force."""

    name: Literal["l1"] = "l1"
    live = ("strength",)
    strength: NonNegative = 0.01
    """λ."""

    def penalty(self, kernels: list[tf.Tensor]) -> tf.Tensor:
        return self.strength * _absolute(kernels)


class L2(Regularization):
    """λ Σ w²: its gradient is 2λw."""

    name: Literal["l2"] = "l2"
    live = ("strength",)
    strength: NonNegative = 0.01
    """λ."""

    def penalty(self, kernels: list[tf.Tensor]) -> tf.Tensor:
        return self.strength * _squares(kernels)


class L1L2(Regularization):
    """λ₁ Σ|w| + λ₂ Σ w², the elastic net (Zou and Hastie 2005)."""

    name: Literal["l1_l2"] = "l1_l2"
    live = ("l1", "l2")
    l1: NonNegative = 0.01
    l2: NonNegative = 0.01

    def penalty(self, kernels: list[tf.Tensor]) -> tf.Tensor:
        return self.l1 * _absolute(kernels) + self.l2 * _squares(kernels)


def _absolute(kernels: list[tf.Tensor]) -> tf.Tensor:
    import tensorflow as tf

    return tf.add_n([tf.reduce_sum(tf.abs(kernel)) for kernel in kernels])


def _squares(kernels: list[tf.Tensor]) -> tf.Tensor:
    import tensorflow as tf

    return tf.add_n([tf.reduce_sum(tf.square(kernel)) for kernel in kernels])


REGULARIZATIONS = Family("regularization", (L1, L2, L1L2))
