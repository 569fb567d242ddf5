"""Give a built model the initial state of one seed, without building it again.

Each variable is drawn by its layer's own initializer, seeded by the run's seed and the names of
layer and variable: adding a layer or a technique never shifts another layer's draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import keras

from ablations.study.streams import Stream, integer_seed

_INITIALIZER_OF = {"recurrent_kernel": "recurrent_initializer"}


Initializers: TypeAlias = Mapping[tuple[str, str], keras.Initializer]
"""(layer, variable) → how the variable starts, the seed aside."""


def initializers_of(model: keras.Model) -> Initializers:
    """Return how each variable of ``model`` starts.

    Raises:
        TypeError: a layer does not say how one of its variables starts.
    """
    return {
        (layer.name, variable.name): _initializer(layer, variable.name)
        for layer in layers_of(model)
        for variable in _own_variables(layer)
    }


def initialize(model: keras.Model, initializers: Initializers, seed: int) -> None:
    """Set all variables of ``model``, and the seeds of its random layers."""
    for layer in layers_of(model):
        for variable in _own_variables(layer):
            initializer = _seeded(initializers[layer.name, variable.name], layer, variable, seed)
            variable.assign(initializer(variable.shape, dtype=variable.dtype))
        for generator in layer._seed_generators:
            drawn = integer_seed(seed, Stream.DROPOUT, layer.name)
            generator.state.assign([drawn, 0])


def layers_of(model: keras.Model) -> Iterator[keras.Layer]:
    """Yield every layer that holds variables of its own, nested ones too."""
    for layer in model._flatten_layers(include_self=False):
        if not isinstance(layer, keras.Model):
            yield layer


def _own_variables(layer: keras.Layer) -> list[keras.Variable]:
    own: list[keras.Variable] = layer._trainable_variables + layer._non_trainable_variables
    return own


def _initializer(layer: keras.Layer, variable: str) -> keras.Initializer:
    attribute = _INITIALIZER_OF.get(variable, f"{variable}_initializer")
    initializer = getattr(layer, attribute, None)
    if initializer is None:
        raise TypeError(f"layer {layer.name}: no {attribute}, so {variable} cannot start anew")
    return initializer


def _seeded(
    initializer: keras.Initializer, layer: keras.Layer, variable: keras.Variable, seed: int
) -> keras.Initializer:
    configuration = initializer.get_config()
    if "seed" in configuration:
        drawn = integer_seed(seed, Stream.INITIAL_WEIGHTS, layer.name, variable.name)
        configuration["seed"] = drawn
    return type(initializer).from_config(configuration)
