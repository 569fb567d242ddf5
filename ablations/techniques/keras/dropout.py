"""Dropout whose rate may be a variable."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class Dropout(keras.layers.Dropout):  # type: ignore[misc]
    """Keras's layer for a rate above 0, which may be a variable."""

    def __init__(self, rate: float | tf.Variable, **options: Any) -> None:
        super().__init__(float(rate), **options)
        self.rate = rate

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Return the inputs, while training some of them 0 and the others scaled up."""
        if not training:
            return inputs
        seed = tf.cast(self.seed_generator.next(), tf.int32)
        return tf.nn.experimental.stateless_dropout(inputs, rate=self.rate, seed=seed)
