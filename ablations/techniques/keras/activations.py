"""Layers and functions of the activations that Keras offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import keras

from ablations.study.protocols import Transform


def function(keras_name: str, parameters: Mapping[str, Any]) -> Transform:
    """Return Keras's function of that name with its parameters bound."""
    return partial(getattr(keras.activations, keras_name), **parameters)


def layer(activation: Transform, name: str) -> keras.Layer:
    """Return the layer that applies an activation elementwise."""
    return keras.layers.Activation(activation, name=name)


def prelu(start: float, shared_axes: Sequence[int], name: str) -> keras.Layer:
    """Return the layer whose slopes are learned, from ``start`` on."""
    slopes = keras.initializers.Constant(start)
    return keras.layers.PReLU(slopes, shared_axes=list(shared_axes) or None, name=name)
