"""Keras's layer normalization."""

from __future__ import annotations

import keras


def layer_normalization(epsilon: float, scale: bool, name: str) -> keras.Layer:
    """Return the layer that normalizes each example over its units."""
    return keras.layers.LayerNormalization(epsilon=epsilon, scale=scale, name=name)
