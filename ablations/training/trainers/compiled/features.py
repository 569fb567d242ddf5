"""Features on the device: one tensor [N, …], or several inputs by name; as stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import keras
import tensorflow as tf

from ablations.techniques.keras.user_model import named_inputs

Features: TypeAlias = "tf.Tensor | Mapping[str, tf.Tensor]"


def mapped(function: Callable[..., Any], features: Features, *others: Any) -> Any:
    """Return ``function`` of each input, under the same names."""
    if isinstance(features, Mapping):
        names = sorted(features)
        return {n: function(features[n], *(other[n] for other in others)) for n in names}
    return function(features, *others)


def count(features: Features) -> int:
    """Return the number of examples, N."""
    return len(next(iter(features.values())) if isinstance(features, Mapping) else features)


def any_number_of(features: Features) -> Any:
    """Return the specification of such features, whatever N."""
    return mapped(lambda each: tf.TensorSpec([None, *each.shape[1:]], each.dtype), features)


def inputs_of(model: keras.Model) -> Any:
    """Return the symbolic inputs in the form that features have."""
    return named_inputs(model) or model.inputs
