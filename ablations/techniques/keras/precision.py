"""Building layers that compute in a lower precision, and scaling the loss for float16."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import keras
import tensorflow as tf


@contextmanager
def computing_in(policy: str) -> Iterator[None]:
    """Let layers that are built inside compute by a dtype policy of Keras."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


class DynamicLossScaler:
    """The scale S that a loss is multiplied by; see ``precision.MixedFloat16``."""

    def __init__(self, initial_scale: float, growth_steps: int, dynamic: bool) -> None:
        self.initial_scale, self.growth_steps, self.dynamic = initial_scale, growth_steps, dynamic
        self.scale = tf.Variable(initial_scale, trainable=False, dtype=tf.float32)
        self._steps_since_change = tf.Variable(0, trainable=False, dtype=tf.int32)

    @property
    def state(self) -> list[tf.Variable]:
        """All that a resumed training needs."""
        return [self.scale, self._steps_since_change]

    def reset(self) -> None:
        """Set the scale to where a training starts."""
        self.scale.assign(self.initial_scale)
        self._steps_since_change.assign(0)

    def scaled(self, loss: tf.Tensor) -> tf.Tensor:
        """Return S times the loss."""
        return loss * self.scale

    def unscaled(self, gradients: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Return the gradients of the loss itself, in float32."""
        return [tf.cast(gradient, tf.float32) / self.scale for gradient in gradients]

    def update(self, finite: tf.Tensor) -> None:
        """Change the scale after a step, whose gradients were finite or not."""
        if not self.dynamic:
            return
        steps = tf.where(finite, self._steps_since_change + 1, 0)
        grows = steps >= self.growth_steps
        factor = tf.where(finite, tf.where(grows, 2.0, 1.0), 0.5)
        self.scale.assign(self.scale * factor)
        self._steps_since_change.assign(tf.where(grows, 0, steps))


def all_finite(gradients: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return whether every component of every gradient is finite."""
    return tf.reduce_all([tf.reduce_all(tf.math.is_finite(g)) for g in gradients])
