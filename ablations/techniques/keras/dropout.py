"""Dropout and alpha dropout, whose rate may be a variable and which can be sampled in inference."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

SELU_FLOOR = -1.0507009873554805 * 1.6732632423543772
"""α′ = −λα, what SELU tends to for large negative sums (Klambauer et al. 2017)."""


class Sampled(keras.layers.Layer):  # type: ignore[misc]
    """What is random while training, and in inference where a sample is asked for.

    A sample n draws by the layer's key and −1 − n, which no step draws by, and changes no state: so
    the same run and n give the same draws, whatever was drawn before.
    """

    sample: tf.Tensor | None = None
    """The number of the sample that inference draws; None where it draws nothing."""

    def draw_seed(self, training: bool) -> tf.Tensor | None:
        """Return the seed [2] of a draw, None where nothing is drawn."""
        if training:
            return tf.cast(self.seed_generator.next(), tf.int32)
        if self.sample is None:
            return None
        key = tf.cast(tf.convert_to_tensor(self.seed_generator.state)[0], tf.int32)
        return tf.stack([key, -1 - self.sample])


class Dropout(keras.layers.Dropout, Sampled):  # type: ignore[misc]
    """Keras's layer for a rate above 0, which may be a variable."""

    def __init__(self, rate: float | tf.Variable, **options: Any) -> None:
        super().__init__(float(rate), **options)
        self.rate = rate

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Return the inputs, while training some of them 0 and the others scaled up."""
        seed = self.draw_seed(training)
        if seed is None:
            return inputs
        wide = tf.cast(inputs, tf.float32)  # a share of 0.1 has no place among bfloat16's draws
        dropped = tf.nn.experimental.stateless_dropout(wide, rate=self.rate, seed=seed)
        return tf.cast(dropped, inputs.dtype)


class AlphaDropout(keras.layers.AlphaDropout, Sampled):  # type: ignore[misc]
    """Keras's layer for a rate q above 0, which may be a variable.

    a · (x kept, or else α′) + b, with a and b such that inputs of mean 0 and variance 1 keep both:
    a = ((1 − q)(1 + qα′²))^(−1/2), b = −aqα′ (Klambauer et al. 2017).
    """

    def __init__(self, rate: float | tf.Variable, **options: Any) -> None:
        super().__init__(float(rate), **options)
        self.rate = rate

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Return the inputs, while training some of them α′ and all of them scaled and moved."""
        seed = self.draw_seed(training)
        if seed is None:
            return inputs
        rate = tf.cast(self.rate, tf.float32)
        drawn = tf.random.stateless_uniform(tf.shape(inputs), seed)
        kept = tf.where(drawn >= rate, tf.cast(inputs, tf.float32), SELU_FLOOR)
        scale = tf.math.rsqrt((1 - rate) * (1 + rate * SELU_FLOOR**2))
        return tf.cast(scale * kept - scale * SELU_FLOOR * rate, inputs.dtype)


@contextmanager
def sampling(model: keras.Model, sample: tf.Tensor) -> Iterator[None]:
    """Let the dropout layers of ``model`` draw sample number ``sample`` in inference."""
    layers = [layer for layer in model.layers if isinstance(layer, Sampled)]
    for layer in layers:
        layer.sample = sample
    try:
        yield
    finally:
        for layer in layers:
            layer.sample = None
