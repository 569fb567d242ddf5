"""Cut a validation split from the training data, by seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ablations.errors import DataError
from ablations.study.schema import DataRecipe, Recipe
from ablations.study.streams import Stream, generator

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


def check_sizes(recipe: Recipe, available: int, input_shape: tuple[int, ...]) -> None:
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
    if augmentation is not None and augmentation.needs_images and len(input_shape) < 2:
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
