"""Features on the device: one tensor [N, …], or several inputs by name; and how a model reads them.

They stay as they are stored.  The graph scales numbers to float32; whole numbers for an input that
is declared as such, as those of tokens, are passed on as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import keras
import tensorflow as tf

from ablations.techniques.keras.user_model import named_inputs

Features: TypeAlias = "tf.Tensor | Mapping[str, tf.Tensor]"
Scale: TypeAlias = "float | Mapping[str, float]"


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


def scaled(features: Features, scale: Scale, model: keras.Model) -> Features:
    """Return features as the inputs of a model, [B, …] each."""
    if not isinstance(scale, Mapping):
        return _scaled(features, scale, model.inputs[0].dtype)
    reads = named_inputs(model) or {}
    dtypes = {name: reads[name].dtype for name in features}
    return mapped(_scaled, features, scale, dtypes)


def _scaled(features: tf.Tensor, scale: float, dtype: str) -> tf.Tensor:
    if tf.as_dtype(dtype).is_integer:
        return tf.cast(features, dtype)
    return tf.cast(features, tf.float32) * scale


def inputs_of(model: keras.Model) -> Any:
    """Return the symbolic inputs in the form that features have."""
    return named_inputs(model) or model.inputs
