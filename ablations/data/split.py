"""Cut a validation split from the training data, by seed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ablations.errors import DataError
from ablations.streams import Stream, generator
from ablations.study.model_families import Shape
from ablations.study.recipe import DataRecipe, Recipe

Indices = NDArray[np.int32]


def split_sizes(recipe: DataRecipe, available: int) -> tuple[int, int]:
    """Return how many examples train and how many validate.

    Raises:
        DataError: the training data holds fewer than the recipe asks for.
    """
    share = isinstance(recipe.validation, float)
    validation = round(recipe.validation * available) if share else int(recipe.validation)
    left = available - validation
    train = left if recipe.train_examples is None else recipe.train_examples
    if validation < 1 or left < 1 or train > left:
        raise DataError(
            f"data set {recipe.name}: {available} training examples cannot give {validation} for "
            f"validation and {recipe.train_examples or 'some'} to train on"
        )
    return train, validation


def check_sizes(recipe: Recipe, available: int, input_shape: Shape) -> None:
    """Refuse a recipe that the data is too small for, or of too few dimensions.

    Raises:
        DataError: there are too few examples for the split, or for one batch; or what is to be
            shifted or turned is no image.
    """
    train, _ = split_sizes(recipe.data, available)
    if recipe.training.batch_size > train:
        raise DataError(
            f"data set {recipe.data.name}: {train} examples to train on fill no batch of "
            f"{recipe.training.batch_size}"
        )
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


def split(recipe: DataRecipe, available: int, seed: int) -> tuple[Indices, Indices]:
    """Return the row numbers that train and those that validate; the same for every arm."""
    train, validation = split_sizes(recipe, available)
    order = generator(seed, Stream.SPLIT).permutation(available).astype(np.int32)
    return order[validation : validation + train], order[:validation]


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
