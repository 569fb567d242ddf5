"""Builds the small convolutional network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from ablations.study.technique import LiveValues
from ablations.techniques.keras.layered import Layers

if TYPE_CHECKING:
    from ablations.techniques.cnn import CNN

SHARED_AXES = (1, 2)
"""The axes of a feature map [B, rows, columns, filters] that share a unit's weights."""


def build(
    cnn: CNN, input_shape: tuple[int, ...], classes: int, live: LiveValues | None
) -> keras.Model:
    """Return the network; see ``Model.build``."""
    layers = Layers(cnn, live)
    image = cnn.image(input_shape)
    inputs, signal = layers.inputs(input_shape)
    if input_shape != image:
        signal = keras.layers.Reshape(image, name="image")(signal)
    for number, filters in enumerate(cnn.filters, start=1):
        convolution = keras.layers.Conv2D(
            filters,
            cnn.kernel_size,
            padding="same",
            use_bias=cnn.has_bias,
            kernel_initializer=layers.kernel_initializer(),
            name=f"convolution{number}",
        )
        signal = layers.activated(convolution(signal), f"_convolution{number}", SHARED_AXES)
        if cnn.pool > 1:
            signal = keras.layers.MaxPooling2D(cnn.pool, name=f"pool{number}")(signal)
    signal = keras.layers.Flatten(name="flatten")(signal)
    return keras.Model(inputs, layers.dense(signal, cnn.hidden, classes), name="cnn")
