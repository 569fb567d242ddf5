"""The one place that touches private names of Keras and TensorFlow.

Each is a debt: ``PRIVATE`` says why it is needed and what is lost without it.  ``probe`` looks for
all of them when a process starts TensorFlow.  Where only memory or speed is lost it warns once,
and what needs the name does without; where results would be wrong it stops with an error.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import new_class
from typing import Any, Literal

from ablations.errors import AblationsError

Loss = Literal["results", "memory"]


@dataclass(frozen=True)
class Private:
    """One private name, or a few that serve one purpose."""

    name: str
    reason: str
    lost_without: Loss
    is_there: Callable[[], bool]


class IncompatibleVersionError(AblationsError):
    """Keras or TensorFlow lacks a private name without which results would be wrong."""


def _layers() -> bool:
    import keras

    layer, parts = keras.layers.Dense(1), ("_trainable_variables", "_non_trainable_variables")
    return all(hasattr(layer, part) for part in (*parts, "_flatten_layers"))


def _seed_generators() -> bool:
    import keras

    generators: list[Any] = getattr(keras.layers.Dropout(0.5), "_seed_generators", [])
    return len(generators) == 1 and hasattr(generators[0], "state")


def _optimizer_index() -> bool:
    import keras

    return hasattr(keras.optimizers.Optimizer, "_get_variable_index")


def _optimizer_step() -> bool:
    import keras

    names = ("_backend_update_step", "_apply_weight_decay", "_use_weight_decay")
    return all(hasattr(keras.optimizers.Optimizer, name) for name in names)


def _gradient_registry() -> bool:
    from tensorflow.python.framework import ops

    return isinstance(getattr(getattr(ops, "gradient_registry", None), "_registry", None), dict)


def _kernel_cache() -> bool:
    from tensorflow.python.eager import context

    return hasattr(context.context(), "clear_kernel_cache")


def _onednn() -> bool:
    from tensorflow.python.util import _pywrap_util_port

    return hasattr(_pywrap_util_port, "IsMklEnabled")


def _random_state() -> bool:
    from keras.src.backend.common import global_state
    from tensorflow.python.eager import context
    from tensorflow.python.framework import config

    there = hasattr(config, "disable_op_determinism"), hasattr(global_state, "get_global_attribute")
    return all(there) and "_rng" in context.Context._internal_operation_seed.__code__.co_names


PRIVATE = (
    Private(
        "keras.Layer._trainable_variables, _non_trainable_variables, _flatten_layers",
        "weights are drawn layer by layer, keyed by their names",
        "results",
        _layers,
    ),
    Private(
        "keras.Layer._seed_generators",
        "dropout and its kin draw by the run's seed",
        "results",
        _seed_generators,
    ),
    Private(
        "keras.optimizers.Optimizer._get_variable_index",
        "our steps of SGD, Adam, FTRL and schedule-free AdamW find their slots",
        "results",
        _optimizer_index,
    ),
    Private(
        "keras.optimizers.Optimizer._backend_update_step, _apply_weight_decay, _use_weight_decay",
        "steps go around tf.distribute, which keeps every traced graph alive (3 MB a program)",
        "memory",
        _optimizer_step,
    ),
    Private(
        "tensorflow.python.framework.ops.gradient_registry._registry",
        "functions that tf.custom_gradient registers for good are dropped with their program",
        "memory",
        _gradient_registry,
    ),
    Private(
        "tensorflow.python.eager.context.context().clear_kernel_cache",
        "kernels of dropped programs are freed (half a megabyte a program)",
        "memory",
        _kernel_cache,
    ),
    Private(
        "tensorflow.python.util._pywrap_util_port.IsMklEnabled",
        "it is known whether oneDNN, which changes bits, is used",
        "results",
        _onednn,
    ),
    Private(
        *("disable_op_determinism, get_global_attribute, context()._rng", "fit repeats its bits"),
        *("results", _random_state),
    ),
)


@cache
def probe() -> frozenset[str]:
    """Return the names that are missing and can be done without, after a warning that lists them.

    Raises:
        IncompatibleVersionError: one is missing without which results would be wrong.
    """
    import keras
    import tensorflow as tf

    missing = [private for private in PRIVATE if not private.is_there()]
    versions = f"Keras {keras.__version__} with TensorFlow {tf.__version__}"
    for private in missing:
        if private.lost_without == "results":
            raise IncompatibleVersionError(
                f"{versions} lacks {private.name}, by which {private.reason}; wants the versions "
                "of requirements.lock"
            )
    if missing:
        names = "; ".join(f"{private.name} ({private.reason})" for private in missing)
        warnings.warn(f"{versions}: workers take more memory without {names}", stacklevel=2)
    return frozenset(private.name for private in missing)


def _is_missing(check: Callable[[], bool]) -> bool:
    return any(private.is_there is check and private.name in probe() for private in PRIVATE)


# TensorFlow


def onednn_is_used() -> bool:
    """Return whether TensorFlow computes with oneDNN, as it was told when it was imported."""
    from tensorflow.python.util import _pywrap_util_port

    return bool(_pywrap_util_port.IsMklEnabled())


def set_determinism(on: bool) -> None:
    """Let TensorFlow use deterministic operations alone, or any."""
    from tensorflow.python.framework import config

    config.enable_op_determinism() if on else config.disable_op_determinism()


def random_sources() -> tuple[Any, Any]:
    """Return what seeds TensorFlow's eager operations, and ``keras.random`` or None before that."""
    from keras.src.backend.common import global_state
    from tensorflow.python.eager import context

    return context.context()._rng, global_state.get_global_attribute("global_seed_generator")


# Layers


def own_variables(layer: Any) -> list[Any]:
    """Return the variables of a layer without those of the layers inside it; trainable first."""
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def own_weights(layer: Any) -> list[Any]:
    """Return those of ``own_variables`` that gradients change, also while they are frozen."""
    return list(layer._trainable_variables)


def layers_inside(layer: Any) -> list[Any]:
    """Return the layers directly inside a layer or a model, in their order."""
    return list(layer._flatten_layers(include_self=False, recursive=False))


def random_states(layer: Any) -> list[Any]:
    """Return the state variable [2] of each random generator of a layer."""
    return [generator.state for generator in layer._seed_generators]


# Optimizers


def variable_index(optimizer: Any, variable: Any) -> int:
    """Return the place of a weight among those that the optimizer was built for."""
    return int(optimizer._get_variable_index(variable))


def first_copy(variable: Any) -> Any:
    """Return a variable itself, or of one that is mirrored its copy on the first device."""
    import tensorflow as tf

    strategy = getattr(variable, "distribute_strategy", None) or tf.distribute.get_strategy()
    return strategy.experimental_local_results(variable)[0]


@cache
def on_one_device(optimizer: type[Any]) -> type[Any]:
    """Return a class of optimizers that step without ``tf.distribute``.

    Formulas and state are those of ``optimizer``, whose own overrides come first: Nadam's keeps a
    product from step to step.
    """
    if _is_missing(_optimizer_step):
        return optimizer
    return new_class(optimizer.__name__, (optimizer, _one_device()))


@cache
def _one_device() -> type[Any]:
    import keras

    class OneDevice(keras.optimizers.Optimizer):  # type: ignore[misc]
        def _backend_update_step(self, grads: Any, trainable_variables: Any, rate: Any) -> None:
            for gradient, variable in zip(grads, trainable_variables, strict=True):
                self.update_step(gradient, first_copy(variable.value), rate)

        def _apply_weight_decay(self, variables: list[Any]) -> None:
            if self.weight_decay is None:
                return
            for variable in variables:
                if self._use_weight_decay(variable):
                    variable.assign(variable - variable * self.weight_decay * self.learning_rate)

    return OneDevice


# Memory


def forget_custom_gradients() -> None:
    """Drop the functions that ``tf.custom_gradient`` registers for good, once they are traced.

    Each holds the graph it was traced in, so a worker would grow with every program it drops.
    """
    if _is_missing(_gradient_registry):
        return
    from tensorflow.python.framework import ops

    registered = ops.gradient_registry._registry
    for name in [name for name in registered if name.startswith("CustomGradient-")]:
        del registered[name]


def clear_kernel_cache() -> None:
    """Free the kernels of every function that was called; live programs make theirs again."""
    if _is_missing(_kernel_cache):
        return
    from tensorflow.python.eager import context

    context.context().clear_kernel_cache()


@contextmanager
def imports_hidden(packages: tuple[str, ...]) -> Iterator[None]:
    """Make ``import`` say that packages that are not loaded yet are not installed."""
    hidden = [package for package in packages if package not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None stops an import
    try:
        yield
    finally:
        for package in hidden:
            del sys.modules[package]
