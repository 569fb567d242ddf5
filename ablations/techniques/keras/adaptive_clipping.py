"""Adaptive gradient clipping (Brock et al. 2021), which measures gradients by their weights."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf

from ablations.techniques.keras.clipping import Stateless


class AdaptiveClipping(Stateless):
    """Each unit's gradient g to g · min(1, λ max(‖w‖₂, ε)/‖g‖₂)."""

    def __init__(
        self,
        weights: Sequence[keras.Variable],
        threshold: float | tf.Variable,
        epsilon: float | tf.Variable,
        last_layer: bool,
    ) -> None:
        self.weights, self.threshold, self.epsilon = list(weights), threshold, epsilon
        last = _layer(self.weights[-1])
        self.clipped = [last_layer or _layer(weight) != last for weight in self.weights]

    def clip(self, gradients: list[tf.Tensor]) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Return the clipped gradients and whether any was changed."""
        used, changed = [], [tf.constant(False)]
        for gradient, weight, is_clipped in zip(gradients, self.weights, self.clipped, strict=True):
            if is_clipped:
                factor = self._factor(gradient, tf.convert_to_tensor(weight))
                gradient = gradient * factor
                changed.append(tf.reduce_any(factor < 1))
            used.append(gradient)
        return used, tf.reduce_any(tf.stack(changed))

    def _factor(self, gradient: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
        allowed = self.threshold * tf.maximum(_unit_norms(weight), self.epsilon)
        scale = tf.maximum(tf.reduce_max(tf.abs(gradient)), 1.0)  # squares must not overflow
        return (allowed / scale) / tf.maximum(_unit_norms(gradient / scale), allowed / scale)


def _unit_norms(tensor: tf.Tensor) -> tf.Tensor:
    """Return ‖·‖₂ over all axes but the last, [1, …, U]; over all of a vector, [1]."""
    axes = list(range(max(len(tensor.shape) - 1, 1)))
    return tf.sqrt(tf.reduce_sum(tf.square(tensor), axes, keepdims=True))


def _layer(weight: keras.Variable) -> str:
    return str(weight.path.rpartition("/")[0])
