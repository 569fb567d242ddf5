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
    input_shape: tuple[int, ...] | None = None
    classes: int | None = None
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
    dataset = data_catalog.read(data.name, directory, data.classes)
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
    x, x_test = (_floats(f, dataset.scale) for f in _features(dataset))
    if recipe.data.scale == "standardize":
        mean, deviation = x[rows].mean(axis=0), x[rows].std(axis=0)
        deviation = np.where(deviation == 0, 1, deviation)
        x, x_test = (((f - mean) / deviation).astype(np.float32) for f in (x, x_test))
    clock = EpochClock()

    def epoch() -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        for chosen in epoch_order(rows, batch, seed, clock.epoch):
            yield x[chosen], labels[chosen]

    signature = (
        tf.TensorSpec((batch, *x.shape[1:]), tf.float32),
        tf.TensorSpec((batch,), tf.as_dtype(labels.dtype)),
    )
    train = tf.data.Dataset.from_generator(epoch, output_signature=signature)
    train = train.apply(tf.data.experimental.assert_cardinality(len(rows) // batch))
    validation = _batches(x[held_out], labels[held_out], batch)
    test = _batches(x_test, dataset.test_labels, batch)
    shape, classes = dataset.input_shape, dataset.classes
    return Splits(train.prefetch(1), validation, test, clock, True, shape, classes)


def _features(dataset: Dataset) -> tuple[NDArray[Any], NDArray[Any]]:
    return dataset.train_features, dataset.test_features


def _floats(features: NDArray[Any], scale: float) -> NDArray[np.float32]:
    return features.astype(np.float32) * np.float32(scale)


def _batches(features: NDArray[Any], labels: NDArray[Any], batch: int) -> tf.data.Dataset:
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
