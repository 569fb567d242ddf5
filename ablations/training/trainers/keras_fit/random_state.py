"""Random states of a run of ``fit`` beside the model's variables: saved with a checkpoint."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablations.techniques.keras import internals
from ablations.training.trainers.keras_fit.gradients import TAP

_SAMPLERS = (
    *("RandomStandardNormal", "RandomUniform", "RandomUniformInt", "TruncatedNormal"),
    *("ParameterizedTruncatedNormal", "RandomGamma", "RandomPoisson", "RandomPoissonV2"),
    *("RandomShuffle", "RandomCrop", "Multinomial", "ExtractGlimpse", "ExtractGlimpseV2"),
    *("SampleDistortedBoundingBox", "SampleDistortedBoundingBoxV2"),
    *(
        "FractionalAvgPool",
        "FractionalMaxPool",
        "AllCandidateSampler",
        "FixedUnigramCandidateSampler",
    ),
    *("LearnedUnigramCandidateSampler", "LogUniformCandidateSampler", "UniformCandidateSampler"),
    "ThreadUnsafeUnigramCandidateSampler",
)
"""Operations that count their draws where nothing can read or set the count."""


def seed_all(seed: int) -> None:
    """Seed Python, NumPy, TensorFlow with its global generator, and Keras."""
    keras.utils.set_random_seed(seed % 2**32)
    tf.random.set_global_generator(tf.random.Generator.from_seed(seed))


def random_states() -> dict[str, NDArray[Any]]:
    """Return the states of everything that ``seed_all`` seeds, by name."""
    found = {
        "python": _bytes_of(random.getstate()),
        "numpy": _bytes_of(np.random.get_state()),  # noqa: NPY002
        "tensorflow": _bytes_of(internals.eager_seeds().getstate()),
        "tensorflow_global": tf.random.get_global_generator().state.numpy(),
    }
    state = internals.global_seed_state()
    return found if state is None else {**found, "keras": np.asarray(state)}


def restore_random_states(states: Mapping[str, NDArray[Any]]) -> None:
    """Restore what ``random_states`` returned."""
    if "keras" in states:
        internals.global_seed_state(create=True).assign(states["keras"])
    tf.random.get_global_generator().reset(states["tensorflow_global"])
    internals.eager_seeds().setstate(_state_of(states["tensorflow"]))
    np.random.set_state(_state_of(states["numpy"]))  # noqa: NPY002
    random.setstate(_state_of(states["python"]))


def _bytes_of(state: Any) -> NDArray[np.uint8]:
    plain = [part.tolist() if isinstance(part, np.ndarray) else part for part in state]
    return np.frombuffer(json.dumps(plain).encode(), np.uint8)


def _state_of(array: NDArray[Any]) -> Any:
    first, inner, *rest = json.loads(array.tobytes())
    return (first, tuple(inner), *rest)


class StepState:
    """What the steps of a model change beside its variables, found as they are traced."""

    def __init__(self, model: keras.Model) -> None:
        """Wrap the steps of ``model``, before one is traced."""
        self._graphs: list[Any] = []
        model.train_step, model.test_step = map(self._observed, (model.train_step, model.test_step))

    def _observed(self, step: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(step)
        def observed(*arguments: Any, **named: Any) -> Any:
            if not tf.executing_eagerly():
                self._graphs.append(tf.compat.v1.get_default_graph())
            return step(*arguments, **named)

        return observed

    def samplers(self) -> list[str]:
        """Return the types of operations in the steps whose count of draws cannot be saved."""
        found: set[str] = set()
        for graph in self._graphs:
            definition = graph.as_graph_def()
            functions = (function.node_def for function in definition.library.function)
            for nodes in (definition.node, *functions):
                found.update(node.op for node in nodes if node.op in _SAMPLERS)
        return sorted(found)

    def variables(self, known: Iterable[Any]) -> dict[str, Any]:
        """Return those that no ``known`` variable of Keras holds, in the order of their first use.

        Such are generators of ``tf.random``, and what a model keeps out of Keras's sight.
        """
        names = {id(internals.first_copy(variable.value)) for variable in known}
        found: list[Any] = []
        for graph in self._graphs:
            by_handle = {id(variable.handle): variable for variable in graph.variables}
            used = (by_handle.get(id(handle)) for handle in graph.external_captures)
            for variable in used:
                if not (variable is None or variable.name.startswith(TAP) or id(variable) in names):
                    names.add(id(variable))
                    found.append(variable)
        return {f"step/{number}": variable for number, variable in enumerate(found)}
