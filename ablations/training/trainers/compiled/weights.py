"""Transfer weights from one network to another, by the names of layers and variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
from numpy.typing import NDArray

from ablations.errors import ModelError
from ablations.study.layer_pattern import matches_none
from ablations.techniques.keras import internals
from ablations.techniques.keras.layer_names import named_layers
from ablations.training import checkpoint

Weights = Mapping[str, NDArray[Any]]
"""``layer/variable`` → value: weights and moving averages, no random state."""


def weights_of(model: keras.Model) -> dict[str, NDArray[Any]]:
    """Return the weights of all layers."""
    return {name: variable.numpy() for name, variable in _variables(model).items()}


def read_weights(path: Path) -> dict[str, NDArray[Any]]:
    """Return the weights in a checkpoint of this suite, or in any ``.npz`` by variable name.

    Raises:
        ModelError: there is no such file, or it holds no such arrays.
    """
    try:
        arrays = checkpoint.load(path, of_suite=False)
    except checkpoint.UnusableError as error:
        reason = f"{path}: {error}" if path.is_file() else f"{path}: no such file"
        raise ModelError(f"transfer.source: {reason}; wants an .npz of arrays") from None
    of_suite = {
        name.split("/", 2)[2]: array
        for name, array in arrays.items()
        if re.match(r"model/\d+/", name)
    }
    return of_suite or {name.removesuffix(":0"): array for name, array in arrays.items()}


def reuse(model: keras.Model, weights: Weights, pattern: str) -> None:
    """Set the layers that match ``pattern`` to the weights of layers of the same name.

    Other layers keep theirs.

    Raises:
        ModelError: no layer matches, none has a namesake, or shapes differ; nothing is changed.
    """
    matched = {id(layer) for layer in matching(model, pattern, "transfer.reuse")}
    wanted = {
        f"{name}/{variable.name}": variable
        for name, layer in named_layers(model)
        if id(layer) in matched
        for variable in internals.own_variables(layer)
    }
    shared = {name: variable for name, variable in wanted.items() if name in weights}
    if not shared:
        raise ModelError(
            f"transfer.source: no array is called as a variable of the model; wants some of "
            f"{', '.join(wanted)}; got {', '.join(sorted(weights)) or 'none'}"
        )
    for name, variable in shared.items():
        got, fits = weights[name].shape, tuple(variable.shape)
        if got != fits:
            raise ModelError(
                f"transfer.source: {name} is {list(got)}; wants {list(fits)}, or a reuse that "
                f"leaves {name.rpartition('/')[0]} out"
            )
    for name, variable in shared.items():
        variable.assign(weights[name])


def matching(model: keras.Model, pattern: str, place: str) -> list[keras.Layer]:
    """Return the layers with weights whose whole names match ``pattern``.

    Raises:
        ModelError: there is none; names ``place`` and the layers that there are.
    """
    layers = {name: layer for name, layer in named_layers(model) if internals.own_variables(layer)}
    if wrong := matches_none(pattern, layers, "layer with weights"):
        raise ModelError(f"{place}: {wrong}")
    return [layer for name, layer in layers.items() if re.fullmatch(pattern, name)]


def _variables(model: keras.Model) -> dict[str, keras.Variable]:
    return {
        f"{name}/{variable.name}": variable
        for name, layer in named_layers(model)
        for variable in internals.own_variables(layer)
    }
