"""The data of a run of ``fit``: three splits of batches, the training one by seed and epoch."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablations.data import catalog as data_catalog
from ablations.data.dataset import Dataset
from ablations.data.split import epoch_order, split
from ablations.errors import DataError, UserCodeError
from ablations.study.keras_recipe import KerasData, KerasRecipe
from ablations.study.model_families import Shape
from ablations.user_code import UserFunction

SPLITS = ("train", "validation", "test")


class EpochClock:
    """Which epoch, from 1, is trained; what makes its batches asks here."""

    epoch: int = 1


@dataclass(frozen=True)
class Splits:
    """What ``fit`` and ``evaluate`` are given."""

    train: Any
    validation: Any
    """None where there is none, as for ``test``."""
    test: Any
    clock: EpochClock
    keyed_by_epoch: bool
    """Whether an epoch's batches follow from the seed and its number alone."""
    input_shape: Shape | None = None
    outputs: int | None = None
    """None where a function of the user's returns batches."""


def load_splits(recipe: KerasRecipe, seed: int, directory: Path | None) -> Splits:
    """Return the data of one run.

    Raises:
        DataError: a data set cannot be read, or is too small.
        UserCodeError: a user's function does not return data.
    """
    data = recipe.data
    if data.is_function and "seed" in _parameters(UserFunction.named(data.name)):
        return _of_function(data, seed)
    dataset = data_catalog.read(data.name, directory, data.classes, recipe.task, data.advice)
    return _of_arrays(dataset, recipe, seed)


def _parameters(function: UserFunction) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function.load()).parameters
    except (TypeError, ValueError):  # it does not say what it takes
        return {}


# Arrays


def _of_arrays(dataset: Dataset, recipe: KerasRecipe, seed: int) -> Splits:
    """Split arrays as the compiled trainer does: the same rows and the same order."""
    labels, batch = dataset.train_labels, recipe.training.batch_size
    rows, held_out = split(recipe.data, len(labels), seed, labels)
    if len(rows) < batch:
        raise DataError(
            f"data set {recipe.data.name}: {len(rows)} examples to train on fill no batch of "
            f"{batch}"
        )
    kept = rows if recipe.data.scale == "standardize" else None
    several = isinstance(dataset.train_features, Mapping)
    names = list(dataset.train_features) if several else [""]

    def part(name: str, of: Any) -> Any:
        return of[name] if isinstance(of, Mapping) else of

    train_and_test = {
        name: _scaled(
            part(name, dataset.train_features),
            part(name, dataset.test_features),
            part(name, dataset.scale),
            kept,
        )
        for name in names
    }
    x, x_test = ({name: pair[n] for name, pair in train_and_test.items()} for n in (0, 1))

    def chosen(features: Mapping[str, NDArray[Any]], of: Any) -> Any:
        found = {name: array[of] for name, array in features.items()}
        return found if several else found[""]

    clock, weights = EpochClock(), dataset.train_weights

    def epoch() -> Iterator[tuple[Any, ...]]:
        for places in epoch_order(rows, batch, seed, clock.epoch):
            own = () if weights is None else (weights[places],)
            yield (chosen(x, places), labels[places], *own)

    signature = tf.nest.map_structure(
        lambda array: tf.TensorSpec(array.shape, tf.as_dtype(array.dtype)), next(epoch())
    )
    train = tf.data.Dataset.from_generator(epoch, output_signature=signature)
    train = train.apply(tf.data.experimental.assert_cardinality(len(rows) // batch))
    validation = _batches(chosen(x, held_out), labels[held_out], batch)
    test = _batches(chosen(x_test, slice(None)), dataset.test_labels, batch)
    shape, outputs = dataset.input_shape, dataset.outputs
    return Splits(train.prefetch(1), validation, test, clock, True, shape, outputs)


def _scaled(
    train: NDArray[Any], test: NDArray[Any], scale: float, rows: NDArray[Any] | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return both in float32, standardized by the ``rows`` that train, where these are given."""
    x, x_test = (part.astype(np.float32) * np.float32(scale) for part in (train, test))
    if rows is None:
        return x, x_test
    mean, deviation = x[rows].mean(axis=0), x[rows].std(axis=0)
    deviation = np.where(deviation == 0, np.float32(1), deviation)
    return (x - mean) / deviation, (x_test - mean) / deviation


def _batches(features: Any, labels: NDArray[Any], batch: int) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((features, labels)).batch(batch)


# A user's function


def _of_function(data: KerasData, seed: int) -> Splits:
    function, clock = UserFunction.named(data.name), EpochClock()
    keyed = "epoch" in _parameters(function)

    def called(epoch: int) -> Mapping[str, Any]:
        at = {"epoch": epoch} if keyed else {}
        returned = function.call(seed=seed, **at, **data.parameters)
        if not isinstance(returned, Mapping) or "train" not in returned:
            got = type(returned).__name__
            wanted = 'wants a mapping {"train": …, "validation": …, "test": …}'
            raise UserCodeError(f"{function}: {wanted}, got {got}")
        if unknown := sorted(returned.keys() - set(SPLITS)):
            raise UserCodeError(
                f"{function}: unknown split {unknown[0]!r}; Known: {', '.join(SPLITS)}"
            )
        return returned

    first = called(1)
    for name, part in first.items():
        if not keyed and part is not None and not isinstance(part, tf.data.Dataset):
            raise UserCodeError(
                f"{function}: {name}: wants a tf.data.Dataset, got {type(part).__name__}; one that "
                "takes seed and epoch may return generators"
            )
    if not keyed:
        return Splits(first["train"], first.get("validation"), first.get("test"), clock, False)

    def remade(split: str) -> tf.data.Dataset:
        return _remade(lambda: called(clock.epoch)[split], first[split])

    parts = {name: remade(name) for name in SPLITS if first.get(name) is not None}
    return Splits(parts["train"], parts.get("validation"), parts.get("test"), clock, True)


def _remade(make: Callable[[], Iterable[Any]], first: Iterable[Any]) -> tf.data.Dataset:
    """Return batches that are made anew for each epoch, like those of ``first``."""
    if isinstance(first, tf.data.Dataset):
        signature = first.element_spec
    else:
        signature = tf.nest.map_structure(_any_batch, next(iter(first)))
    return tf.data.Dataset.from_generator(lambda: iter(make()), output_signature=signature)


def _any_batch(array: Any) -> tf.TensorSpec:
    array = np.asarray(array)
    return tf.TensorSpec((None, *array.shape[1:]), tf.as_dtype(array.dtype))
