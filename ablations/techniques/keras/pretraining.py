"""The networks that pretraining trains, made from a classifier's own layers.

The layers are applied again one by one, so that each keeps its name, by which it is initialized
and its weights are transferred.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ablations.errors import ModelError
from ablations.techniques.keras.precision import computing_in

Levels = Sequence[keras.KerasTensor]


def autoencoder(
    model: keras.Model, levels: Levels, level: int | None, noise: float, dropout: float
) -> keras.Model:
    """Return inputs to residuals [B, D], of the whole network or of one hidden level."""
    layers, ends = _chain(model, levels)
    start = 0 if not level else ends[level - 1]
    below, encoder = layers[:start], layers[start : ends[-1 if level is None else level]]
    for layer in below:
        layer.trainable = False
    inputs = _inputs(model)
    clean = _apply(below, inputs, training=False)
    sizes = [_size(clean)] if level is not None else [_size(t) for t in (inputs, *levels[:-1])]
    signal = keras.layers.GaussianNoise(noise, name="noise")(clean) if noise else clean
    signal = keras.layers.Dropout(dropout, name="corruption")(signal) if dropout else signal
    signal = _flat(_apply(encoder, signal))
    own = "decoder" if level is None else f"level{level + 1}_decoder"
    for number, size in enumerate(reversed(sizes), start=1):
        activation = "elu" if number < len(sizes) else None
        policy = None if number < len(sizes) else "float32"  # of what the loss reads
        signal = keras.layers.Dense(size, activation, dtype=policy, name=f"{own}{number}")(signal)
    with computing_in("float32"):
        residuals = keras.layers.Subtract(name="residuals")([signal, _flat(clean)])
    return keras.Model(inputs, residuals, name="autoencoder")


def pairs(model: keras.Model, levels: Levels, head_units: int | None = None) -> keras.Model:
    """Return inputs [B, …] to one logit a pair of rows, [B/2, 1].

    It is linear in the pair's distance, or has so many units above the pair's outputs.
    """
    layers, ends = _chain(model, levels)
    inputs = _inputs(model)
    signal = _flat(_apply(layers[: ends[-1]], inputs))
    if head_units is None:
        signal = PairDistance(name="distance")(signal)
    else:
        joined = JoinedPair(name="joined")(signal)
        signal = keras.layers.Dense(head_units, "elu", name="pair_head")(joined)
    with computing_in("float32"):
        logit = keras.layers.Dense(1, name="same_class")
    return keras.Model(inputs, logit(signal), name="pairs")


def scores(model: keras.Model, levels: Levels, corruption: float) -> keras.Model:
    """Return inputs to the scores of each and of its corruption, [B, 2]."""
    layers, ends = _chain(model, levels)
    inputs = _inputs(model)
    with computing_in("float32"):
        score = keras.layers.Dense(1, name="score")
    both = (inputs, SwapFeatures(corruption, name="corruption")(inputs))
    scored = [score(_flat(_apply(layers[: ends[-1]], signal))) for signal in both]
    with computing_in("float32"):
        both_scores = keras.layers.Concatenate(name="scores")(scored)
    return keras.Model(inputs, both_scores, name="scores")


class PairDistance(keras.layers.Layer):  # type: ignore[misc]
    """|row 2n − row 2n + 1|: [B, D] to [B/2, D]."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return the distances of neighbours."""
        return tf.abs(inputs[0::2] - inputs[1::2])

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return [unknown, D]."""
        return (None, *input_shape[1:])


class JoinedPair(keras.layers.Layer):  # type: ignore[misc]
    """Row 2n and then row 2n + 1: [B, D] to [B/2, 2D]."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return neighbours side by side."""
        return tf.concat([inputs[0::2], inputs[1::2]], axis=1)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return [unknown, 2D]."""
        return (None, 2 * input_shape[-1])


class SwapFeatures(keras.layers.Layer):  # type: ignore[misc]
    """Take each feature, with probability ``share``, from the next example of the batch.

    For inference the same features are taken each time.
    """

    def __init__(self, share: float, **options: Any) -> None:
        super().__init__(**options)
        self.share = share
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Return the corrupted examples; the shape is that of ``inputs``."""
        seed = self.seed_generator if training else 0
        drawn = keras.random.uniform(tf.shape(inputs), seed=seed)
        return tf.where(drawn < self.share, tf.roll(inputs, 1, axis=0), inputs)


def _chain(model: keras.Model, levels: Levels) -> tuple[list[keras.Layer], list[int]]:
    """Return the layers in order, and after how many of them each level ends."""
    layers = [each for each in model.layers if not isinstance(each, keras.layers.InputLayer)]
    signal = model.input
    for layer in layers:
        if layer.input is not signal:
            raise ModelError(f"pretraining wants a chain of layers; {layer.name} is no part of one")
        signal = layer.output
    outputs = [id(layer.output) for layer in layers]
    return layers, [outputs.index(id(level)) + 1 for level in levels]


def _apply(layers: list[keras.Layer], signal: Any, **options: bool) -> Any:
    for layer in layers:
        signal = layer(signal, **options)
    return signal


def _inputs(model: keras.Model) -> Any:
    return keras.Input(model.input_shape[1:], name="pixels")


def _size(signal: keras.KerasTensor) -> int:
    return math.prod(signal.shape[1:])


def _flat(signal: Any) -> Any:
    return signal if len(signal.shape) == 2 else keras.layers.Reshape((_size(signal),))(signal)
