"""Names of all layers of a model, those inside other layers among them, and their variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import keras

from ablations.errors import ModelError
from ablations.study.layer_pattern import matches_none
from ablations.techniques.keras import internals

_NOT_KERNELS = ("bias", "alpha", "gamma", "beta")


def named_layers(model: keras.Model) -> Iterator[tuple[str, keras.Layer]]:
    """Yield (name, layer) for all layers; one inside another layer is ``outer/inner``.

    Names are distinct: a second ``inner`` is called ``inner#2``.
    """
    taken: set[str] = set()
    seen: set[int] = set()

    def walk(outer: keras.Layer, prefix: str) -> Iterator[tuple[str, keras.Layer]]:
        for layer in internals.layers_inside(outer):
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            name, count = f"{prefix}{layer.name}", 1
            while name in taken:
                count += 1
                name = f"{prefix}{layer.name}#{count}"
            taken.add(name)
            yield name, layer
            yield from walk(layer, f"{name}/")

    yield from walk(model, "")


def kernels(model: keras.Model) -> dict[str, keras.Variable]:
    """Return layer name → kernel: what penalties, max-norm, histograms and sparsity are about.

    A kernel is a layer's weight of two or more axes, but for biases (a GRU's has two axes), slopes
    (PReLU's α) and scales.  The second kernel of a layer goes by ``layer/variable``.
    """
    return {
        name if variable.name == "kernel" else f"{name}/{variable.name}": variable
        for name, variable in _kernels(model)
    }


def chosen_kernels(model: keras.Model, pattern: str | None, place: str) -> list[keras.Variable]:
    """Return the kernels of the layers whose whole names match ``pattern``; of all for None.

    Raises:
        ModelError: there is none; names ``place`` and the layers that there are.
    """
    found = list(_kernels(model))
    if pattern is None:
        return [variable for _, variable in found]
    names = dict.fromkeys(name for name, _ in found)
    if wrong := matches_none(pattern, names, "layer with a kernel"):
        raise ModelError(f"{place}: {wrong}")
    return [variable for name, variable in found if re.fullmatch(pattern, name)]


def _kernels(model: keras.Model) -> Iterator[tuple[str, keras.Variable]]:
    for name, layer in named_layers(model):
        for variable in internals.own_weights(layer):
            if len(variable.shape) >= 2 and variable.name not in _NOT_KERNELS:
                yield name, variable


def in_depth(model: keras.Model, names: Iterable[str]) -> list[str]:
    """Return names of layers, or of kernels as ``kernels`` has them, from the inputs on."""
    depth = {name: place for place, (name, _) in enumerate(named_layers(model))}
    last = len(depth)

    def place(name: str) -> int:
        return depth.get(name, depth.get(name.rpartition("/")[0], last))

    return sorted(dict.fromkeys(names), key=place)
