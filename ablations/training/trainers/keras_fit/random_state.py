"""Random states of a run of ``fit`` beside the model's variables: saved with a checkpoint."""

from __future__ import annotations

import json
import random
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablations.techniques.keras import internals
from ablations.training.trainers.keras_fit.gradients import TAP

NOT_THE_SAME_BITS = (
    "the order of its data after that is not what it would have been, as the data is no function "
    "of seed and epoch"
)
OTHER_DRAWS = (
    "its random draws after that are not those of an undisturbed run, as no checkpoint can hold "
    "the state of "
)
NOT_DETERMINISTIC = (
    "two runs of this seed can differ, as one of its operations has no deterministic form"
)
RANDOM = "random/"
"""Begins the names of random states among the arrays of a checkpoint."""
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


@contextmanager
def deterministic_operations() -> Iterator[None]:
    """Let TensorFlow use deterministic operations alone inside the block."""
    internals.set_determinism(True)
    try:
        yield
    finally:
        internals.set_determinism(False)
        internals.clear_kernel_cache()  # none that was made for determinism is used after it


def allow_all_operations(error: Exception) -> bool:
    """End determinism where ``error`` says that an operation lacks it; return whether it does."""
    unimplemented = isinstance(error, tf.errors.UnimplementedError)
    if not unimplemented or "determinis" not in str(error).lower():
        return False
    internals.set_determinism(False)
    return True


def repeatable(notes: Iterable[str]) -> str:
    """Return which of a run's notes say that its bits cannot be had again."""
    wrong = (NOT_THE_SAME_BITS, OTHER_DRAWS, NOT_DETERMINISTIC)
    return "; ".join(note for note in notes if note.startswith(wrong)) or "to the same bits"


def seed_all(seed: int) -> None:
    """Seed Python, NumPy, TensorFlow with its global generator, and Keras."""
    keras.utils.set_random_seed(seed % 2**32)
    tf.random.set_global_generator(tf.random.Generator.from_seed(seed))


def random_states() -> dict[str, NDArray[Any]]:
    """Return the states of everything that ``seed_all`` seeds, by name."""
    eager, of_keras = internals.random_sources()
    found = {
        "python": _bytes_of(random.getstate()),
        "numpy": _bytes_of(np.random.get_state()),  # noqa: NPY002
        "tensorflow": _bytes_of(eager.getstate()),
        "tensorflow_global": tf.random.get_global_generator().state.numpy(),
    }
    return found if of_keras is None else {**found, "keras": np.asarray(of_keras.state)}


class StateRestorer(keras.callbacks.Callback):  # type: ignore[misc]
    """Restores random states as the first epoch begins: ``fit`` itself draws before that."""

    def __init__(self, states: Mapping[str, NDArray[Any]]) -> None:
        """``states`` are those of ``random_states``; none where nothing is continued."""
        super().__init__()
        self._states = states

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Restore them once."""
        states, self._states = self._states, {}
        if not states:
            return
        if "keras" in states:
            keras.random.uniform(())  # Keras makes its generator when it is first used
            internals.random_sources()[1].state.assign(states["keras"])
        tf.random.get_global_generator().reset(states["tensorflow_global"])
        internals.random_sources()[0].setstate(_state_of(states["tensorflow"]))
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
        self._traced: list[weakref.ref[Any]] = []
        model.train_step, model.test_step = map(self._observed, (model.train_step, model.test_step))

    def _observed(self, step: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(step)
        def observed(*arguments: Any, **named: Any) -> Any:
            if not tf.executing_eagerly():
                self._traced.append(weakref.ref(tf.compat.v1.get_default_graph()))
            return step(*arguments, **named)

        return observed

    def _graphs(self) -> list[Any]:
        return [graph for reference in self._traced if (graph := reference()) is not None]

    def samplers(self) -> list[str]:
        """Return the types of operations in the steps whose count of draws cannot be saved."""
        found: set[str] = set()
        for graph in self._graphs():
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
        for graph in self._graphs():
            by_handle = {id(variable.handle): variable for variable in graph.variables}
            used = (by_handle.get(id(handle)) for handle in graph.external_captures)
            for variable in used:
                if not (variable is None or variable.name.startswith(TAP) or id(variable) in names):
                    names.add(id(variable))
                    found.append(variable)
        return {f"step/{number}": variable for number, variable in enumerate(found)}
