"""Builds the small convolutional network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from ablations.study.technique import LiveValues
from ablations.techniques.keras.layered import Layers
from ablations.techniques.layered import LayeredModel

SHARED_AXES = (1, 2)
"""The axes of a feature map [B, rows, columns, filters] that share a unit's weights."""


@dataclass(frozen=True)
class Convolutions:
    """The convolutional part of the network."""

    image: tuple[int, int, int]
    """Rows, columns and channels."""
    filters: Sequence[int]
    kernel_size: int
    pool: int

    def apply(self, layers: Layers, signal: Any) -> Any:
        """Add convolution1, pool1, … to images [B, *image]."""
        for number, filters in enumerate(self.filters, start=1):
            convolution = keras.layers.Conv2D(
                filters,
                self.kernel_size,
                padding="same",
                use_bias=layers.model.has_bias,
                kernel_initializer=layers.kernel_initializer(),
                name=f"convolution{number}",
            )
            signal = layers.activated(convolution(signal), f"_convolution{number}", SHARED_AXES)
            if self.pool > 1:
                signal = keras.layers.MaxPooling2D(self.pool, name=f"pool{number}")(signal)
        return signal


def build(
    model: LayeredModel,
    convolutions: Convolutions,
    hidden: tuple[int, ...],
    input_shape: tuple[int, ...],
    outputs: int,
    live: LiveValues | None,
) -> keras.Model:
    """Return the network; see ``Model.build``."""
    layers = Layers(model, live)
    inputs, signal = layers.inputs(input_shape)
    if input_shape != convolutions.image:
        signal = keras.layers.Reshape(convolutions.image, name="image")(signal)
    signal = keras.layers.Flatten(name="flatten")(convolutions.apply(layers, signal))
    return keras.Model(inputs, layers.dense(signal, hidden, outputs), name="cnn")
