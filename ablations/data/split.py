"""Cut a validation split from the training data, by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablations.data import catalog
from ablations.data.weights import check_class_weights
from ablations.errors import DataError
from ablations.streams import Stream, generator
from ablations.study.model_families import Shape
from ablations.study.recipe import DataRecipe, Recipe
from ablations.study.split_settings import FixedRows, PerClass

Indices = NDArray[np.int32]


def split_sizes(recipe: DataRecipe, available: int, classes: int = 1) -> tuple[int, int]:
    """Return how many examples train and how many validate; ``classes`` counts those of labels.

    Raises:
        DataError: the training data holds fewer than the recipe asks for.
    """
    validation = _validation_size(recipe, available)
    left = available - validation
    wanted = recipe.train_examples
    train = left if wanted is None else wanted
    if isinstance(train, PerClass):
        train = train.per_class * classes
    if validation < 1 or left < 1 or train > left:
        raise DataError(
            f"data set {recipe.name}: {available} training examples cannot give {validation} for "
            f"validation and {'some' if wanted is None else train} to train on"
        )
    return train, validation


def _validation_size(recipe: DataRecipe, available: int) -> int:
    if isinstance(recipe.validation, FixedRows):
        return recipe.validation.count
    share = isinstance(recipe.validation, float)
    return round(recipe.validation * available) if share else int(recipe.validation)


def check_sizes(recipe: Recipe, available: int, input_shape: Shape, classes: int = 1) -> None:
    """Refuse a recipe that the data is too small for, or of too few dimensions.

    Raises:
        DataError: there are too few examples for the split, or for one batch; or what is to be
            shifted or turned is no image.
    """
    train, _ = split_sizes(recipe.data, available, classes)
    if recipe.training.batch_size > train:
        raise DataError(
            f"data set {recipe.data.name}: {train} examples to train on fill no batch of "
            f"{recipe.training.batch_size}"
        )
    check_class_weights(recipe.data.name, recipe.training.class_weights, classes)
    augmentation = recipe.training.augmentation
    if augmentation is None:
        return
    if isinstance(input_shape, Mapping):
        raise DataError(
            f"data set {recipe.data.name}: has several inputs; training.augmentation wants one"
        )
    if augmentation.needs_images and len(input_shape) < 2:
        raise DataError(
            f"data set {recipe.data.name}: rows of {input_shape[0]} numbers cannot be shifted or "
            "turned; wants images, or training.augmentation with noise alone"
        )


def split(
    recipe: DataRecipe, available: int, seed: int, labels: NDArray[np.int32] | None = None
) -> tuple[Indices, Indices]:
    """Return the row numbers that train and those that validate; the same for every arm.

    ``labels`` [available], of all rows, are read where a recipe wants examples of each class.

    Raises:
        DataError: there are too few examples, or too few of a class.
    """
    train, validation = split_sizes(recipe, available)
    order = generator(seed, Stream.SPLIT).permutation(available).astype(np.int32)
    if isinstance(recipe.validation, FixedRows):
        first = 0 if recipe.validation.end == "first" else available - validation
        held_out = np.arange(first, first + validation, dtype=np.int32)
        left = order[(order < first) | (order >= first + validation)]
    else:
        held_out, left = order[:validation], order[validation:]
    if isinstance(recipe.train_examples, PerClass):
        assert labels is not None
        return _of_each_class(recipe, left, labels, recipe.train_examples.per_class), held_out
    return left[:train], held_out


def _of_each_class(
    recipe: DataRecipe, rows: Indices, labels: NDArray[np.int32], wanted: int
) -> Indices:
    """Return the first ``wanted`` rows of each class, in their order."""
    counts = np.bincount(labels[rows], minlength=int(labels.max()) + 1)
    if counts.min() < wanted:
        raise DataError(
            f"data set {recipe.name}: class {counts.argmin()} has {counts.min()} training examples "
            f"besides those that validate; train_examples.per_class wants {wanted}"
        )
    by_class = np.argsort(labels[rows], kind="stable")
    starts = np.cumsum(counts) - counts
    place_in_class = np.empty(len(rows), np.int64)
    place_in_class[by_class] = np.arange(len(rows)) - np.repeat(starts, counts)
    kept: Indices = rows[place_in_class < wanted]
    return kept


def check_classes(recipe: DataRecipe, seeds: Sequence[int], directory: Path | None) -> None:
    """Refuse a recipe that wants more examples of a class than some seed leaves to train on.

    Raises:
        DataError: names the class.
    """
    labels = catalog.read(recipe.name, directory, recipe.classes).train_labels
    for seed in seeds:
        split(recipe, len(labels), seed, labels)


def epoch_order(train: Indices, batch_size: int, seed: int, epoch: int) -> Indices:
    """Return the rows of one epoch, [steps, batch_size]; what fills no batch is dropped."""
    steps = len(train) // batch_size
    order = generator(seed, Stream.ORDER, epoch).permutation(len(train))
    return train[order[: steps * batch_size]].reshape(steps, batch_size)


def pair_order(
    train: Indices, labels: NDArray[np.int32], batch_size: int, seed: int, epoch: int
) -> Indices:
    """Return rows [steps, B] where places 2n and 2n + 1 are of one class with probability ½.

    ``labels`` are those of all rows.  The first of a pair comes from a permutation of ``train``,
    the second is drawn with replacement from its class, or from all others; B is even, one less
    than an odd ``batch_size``.  A class of one example pairs with itself.

    Raises:
        DataError: a batch holds no pair.
    """
    if batch_size < 2:
        raise DataError(f"a pair wants a batch of at least 2, got {batch_size}")
    pairs, draw = batch_size // 2, generator(seed, Stream.PAIRS, epoch)
    steps = len(train) // (2 * pairs)
    first = draw.permutation(train)[: steps * pairs]
    by_class = train[np.argsort(labels[train], kind="stable")]
    sorted_labels = labels[by_class]
    begin = np.searchsorted(sorted_labels, labels[first], "left")
    count = np.searchsorted(sorted_labels, labels[first], "right") - begin
    alike = (draw.random(len(first)) < 0.5) | (count == len(train))
    of_class = begin + (draw.random(len(first)) * count).astype(np.int64)
    others = (draw.random(len(first)) * (len(train) - count)).astype(np.int64)
    of_others = others + np.where(others >= begin, count, 0)
    second = by_class[np.where(alike, of_class, of_others)]
    return np.stack([first, second], axis=1).reshape(steps, 2 * pairs)
