"""Give a built model the initial state of one seed, without building it again.

Each variable is drawn by its layer's own initializer, seeded by the run's seed and the names of
layer and variable: adding a layer or a technique never shifts another layer's draws.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from ablations.streams import Stream, integer_seed
from ablations.study.model_families import Initializer
from ablations.techniques.keras import internals
from ablations.techniques.keras.layer_names import named_layers


def initialize(
    model: keras.Model,
    seed: int,
    declared: Mapping[int, Mapping[str, Initializer]],
    rebuild: Callable[[], keras.Model],
) -> None:
    """Set all variables of ``model``, and the seeds of its random layers.

    ``declared`` is id of a layer → name of a variable → how it starts; other variables start as
    their layers say.  A variable whose layer does not say takes its value from ``rebuild()``,
    another model of the same architecture, built under the seed.
    """
    unknown = []
    for name, layer in named_layers(model):
        for variable in internals.own_variables(layer):
            drawn = integer_seed(seed, Stream.INITIAL_WEIGHTS, name, variable.name)
            technique = declared.get(id(layer), {}).get(variable.name)
            initializer = technique.build(drawn) if technique else _of_layer(layer, variable, drawn)
            if initializer is None:
                unknown.append(variable)
            else:
                variable.assign(initializer(variable.shape, dtype=variable.dtype))
        for state in internals.random_states(layer):
            state.assign([integer_seed(seed, Stream.DROPOUT, name), 0])
    if unknown:
        keras.utils.set_random_seed(integer_seed(seed, Stream.INITIAL_WEIGHTS))
        fresh = rebuild().variables
        places = {id(variable): place for place, variable in enumerate(model.variables)}
        for variable in unknown:
            variable.assign(fresh[places[id(variable)]].value)


class _ForgetGateOpen(keras.initializers.Initializer):  # type: ignore[misc]
    """An LSTM's bias as Keras starts it: 1 for the forget gate, the second of four, 0 elsewhere."""

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
        units = shape[0] // 4
        return tf.repeat(tf.constant([0, 1, 0, 0], dtype), units)


def _of_layer(layer: keras.Layer, variable: keras.Variable, seed: int) -> Any:
    """Return the layer's own initializer of one variable, seeded; None where it keeps none.

    Keras names it after the variable, or after its kind alone: ``recurrent_kernel`` starts by
    ``recurrent_initializer``.
    """
    name = variable.name
    if name == "bias" and getattr(layer, "unit_forget_bias", False):
        return _ForgetGateOpen()
    for start in (name, name.removesuffix("_kernel")):
        initializer = getattr(layer, f"{start}_initializer", None)
        if isinstance(initializer, keras.initializers.Initializer):
            return _seeded(initializer, seed)
    return None


def _seeded(initializer: keras.Initializer, seed: int) -> keras.Initializer:
    """Return a copy that draws by ``seed``.

    Keras's initializers draw by their attribute ``seed``, or not at all.  A user's own that has
    none may draw by the global generators, which are seeded for it.
    """
    if hasattr(initializer, "seed"):
        initializer = copy.copy(initializer)
        initializer.seed = seed
    elif not type(initializer).__module__.startswith("keras."):
        keras.utils.set_random_seed(seed)
    return initializer
