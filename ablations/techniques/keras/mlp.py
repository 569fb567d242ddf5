"""Builds the multilayer perceptron."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from ablations.study.technique import LiveValues
from ablations.techniques.keras.layered import Layers

if TYPE_CHECKING:
    from ablations.techniques.mlp import MLP


def build(
    mlp: MLP, input_shape: tuple[int, ...], classes: int, live: LiveValues | None
) -> keras.Model:
    """Return the network; see ``Model.build``."""
    layers = Layers(mlp, live)
    inputs, signal = layers.inputs(input_shape)
    if len(input_shape) > 1:
        signal = keras.layers.Flatten(name="flatten")(signal)
    return keras.Model(inputs, layers.dense(signal, mlp.hidden, classes), name="mlp")
