"""Give a built model the initial state of one seed, without building it again.

Each variable is drawn by its layer's own initializer, seeded by the run's seed and the names of
layer and variable: adding a layer or a technique never shifts another layer's draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

from ablations.streams import Stream, integer_seed


def initialize(
    model: keras.Model,
    seed: int,
    rebuild: Callable[[], keras.Model],
    like: keras.Model | None = None,
) -> None:
    """Set all variables of ``model``, and the seeds of its random layers.

    Variables and live numbers start as those of ``like`` do, which differs from the model in
    nothing else, or as its own.  A variable whose layer does not say how it starts takes its
    value from ``rebuild()``, another model of the same architecture, built under the seed.
    """
    untold, starts = [], dict(named_layers(model if like is None else like))
    for name, layer in named_layers(model):
        for variable in layer._trainable_variables + layer._non_trainable_variables:
            drawn = integer_seed(seed, Stream.INITIAL_WEIGHTS, name, variable.name)
            initializer = _initializer(starts[name], variable.name, drawn)
            if initializer is None:
                untold.append(variable)
            else:
                variable.assign(initializer(variable.shape, dtype=variable.dtype))
        for number, value in getattr(starts[name], "live", {}).items():
            getattr(layer, number).assign(value)
        for generator in layer._seed_generators:
            generator.state.assign([integer_seed(seed, Stream.DROPOUT, name), 0])
    if untold:
        keras.utils.set_random_seed(integer_seed(seed, Stream.INITIAL_WEIGHTS))
        fresh = rebuild().variables
        places = {id(variable): place for place, variable in enumerate(model.variables)}
        for variable in untold:
            variable.assign(fresh[places[id(variable)]].value)


def named_layers(model: keras.Model) -> Iterator[tuple[str, keras.Layer]]:
    """Yield (name, layer) for all layers; one inside another layer is ``outer/inner``.

    Names are distinct: a second ``inner`` is called ``inner#2``.
    """
    taken: set[str] = set()
    seen: set[int] = set()

    def walk(outer: keras.Layer, prefix: str) -> Iterator[tuple[str, keras.Layer]]:
        for layer in outer._flatten_layers(include_self=False, recursive=False):
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


class _ForgetGateOpen(keras.initializers.Initializer):  # type: ignore[misc]
    """An LSTM's bias as Keras starts it: 1 for the forget gate, the second of four, 0 elsewhere."""

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
        units = shape[0] // 4
        return tf.repeat(tf.constant([0, 1, 0, 0], dtype), units)


def _initializer(layer: keras.Layer, variable: str, seed: int) -> keras.Initializer | None:
    """Return the seeded initializer of one variable, or None where the layer keeps none.

    Keras names it after the variable, or after its kind alone: ``recurrent_kernel`` starts by
    ``recurrent_initializer``.
    """
    if variable == "bias" and getattr(layer, "unit_forget_bias", False):
        return _ForgetGateOpen()
    for start in (variable, variable.removesuffix("_kernel")):
        initializer = getattr(layer, f"{start}_initializer", None)
        if isinstance(initializer, keras.Initializer):
            break
    else:
        return None
    configuration = initializer.get_config()
    if "seed" in configuration:
        configuration["seed"] = seed
    return type(initializer).from_config(configuration)
