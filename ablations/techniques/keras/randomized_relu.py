"""The randomized leaky ReLU, which Keras lacks."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class RandomizedReLU(keras.layers.Layer):  # type: ignore[misc]
    """max(αz, z) with α ~ U(lower, upper) per element in training, else (lower + upper)/2."""

    def __init__(self, lower: float, upper: float, **options: Any) -> None:
        super().__init__(**options)
        self.lower, self.upper = lower, upper
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Return the activations; the shape is that of ``inputs``."""
        if not training:
            return tf.maximum(inputs * ((self.lower + self.upper) / 2), inputs)
        slope = keras.random.uniform(
            tf.shape(inputs), self.lower, self.upper, dtype=inputs.dtype, seed=self.seed_generator
        )
        return tf.where(inputs > 0, inputs, slope * inputs)
