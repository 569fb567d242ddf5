"""Builds the multilayer perceptron."""

from __future__ import annotations

import keras

from ablations.study.technique import LiveValues
from ablations.techniques.keras.layered import Layers
from ablations.techniques.layered import LayeredModel


def build(
    model: LayeredModel,
    hidden: tuple[int, ...],
    input_shape: tuple[int, ...],
    outputs: int,
    live: LiveValues | None,
) -> keras.Model:
    """Return the network; see ``Model.build``."""
    layers = Layers(model, live)
    inputs, signal = layers.inputs(input_shape)
    if len(input_shape) > 1:
        signal = keras.layers.Flatten(name="flatten")(signal)
    return keras.Model(inputs, layers.dense(signal, hidden, outputs), name="mlp")
