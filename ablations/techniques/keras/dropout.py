"""Dropout whose rate is a variable.  Imports TensorFlow; load it only to build."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class Dropout(keras.layers.Dropout):  # type: ignore[misc]
    """Keras's layer for a rate above 0, which arms that share a program may change."""

    def __init__(self, rate: float, **options: Any) -> None:
        super().__init__(rate, **options)
        self.live = {"rate": rate}
        self.rate = tf.Variable(rate, trainable=False, dtype=tf.float32)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Return the inputs, in training some of them 0 and the others scaled up."""
        if not training:
            return inputs
        seed = tf.cast(self.seed_generator.next(), tf.int32)
        return tf.nn.experimental.stateless_dropout(inputs, rate=self.rate, seed=seed)
