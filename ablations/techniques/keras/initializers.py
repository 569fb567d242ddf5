"""Initializers of Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras


def build(keras_class: str, parameters: Mapping[str, Any]) -> keras.initializers.Initializer:
    """Return the initializer of that class."""
    return getattr(keras.initializers, keras_class)(**parameters)
