"""A user's own arrays, from wherever they come: checked, and made a ``Dataset``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablations.data.dataset import Dataset
from ablations.errors import DataError

SPLIT = ("x_train", "y_train", "x_test", "y_test")
WHOLE = ("x", "y")
TEST_SHARE = 1 / 5
HIGHEST_PIXEL = 255

Array = NDArray[Any]


def dataset_of(name: str, arrays: Mapping[str, Array], digest: str) -> Dataset:
    """Return the data set in ``x_train``, ``y_train``, ``x_test``, ``y_test``, or in ``x``, ``y``.

    Of the latter a fifth is for testing, drawn once and the same whatever the seed.  Features
    [N, …] in uint8 are pixels and scaled by 1/255; all others are taken as they are, in float32.
    Labels are numbers, [N] or [N, K]: what else they must be, a task says (``labels.py``).

    Raises:
        DataError: an array is missing or does not fit; the message names it by ``name``.
    """
    if all(key in arrays for key in SPLIT):
        x_train, y_train, x_test, y_test = (arrays[key] for key in SPLIT)
    elif all(key in arrays for key in WHOLE):
        x_train, y_train, x_test, y_test = _held_out(name, *(arrays[key] for key in WHOLE))
    else:
        wanted = f"{', '.join(SPLIT)}, or {' and '.join(WHOLE)}"
        raise DataError(f"{name}: wants arrays {wanted}, got {', '.join(arrays) or 'none'}")
    train = _features(name, "x_train", x_train), _labels(name, "y_train", y_train, len(x_train))
    test = _features(name, "x_test", x_test), _labels(name, "y_test", y_test, len(x_test))
    if train[0].shape[1:] != test[0].shape[1:] or train[0].dtype != test[0].dtype:
        raise DataError(
            f"{name}: x_train {_shown(train[0])} and x_test {_shown(test[0])} do not fit"
        )
    return Dataset(
        name=name,
        train_features=train[0],
        train_labels=train[1],
        test_features=test[0],
        test_labels=test[1],
        outputs=0,
        scale=1 / HIGHEST_PIXEL if train[0].dtype == np.uint8 else 1.0,
        digest=digest,
    )


def _held_out(name: str, features: Array, labels: Array) -> tuple[Array, Array, Array, Array]:
    if not features.ndim or not labels.ndim or len(features) != len(labels):
        raise DataError(f"{name}: x {_shown(features)} and y {_shown(labels)} do not fit")
    order = np.random.default_rng(0).permutation(len(labels))
    test, train = np.split(order, [round(len(labels) * TEST_SHARE)])
    return features[train], labels[train], features[test], labels[test]


def _features(name: str, key: str, features: Array) -> Array:
    if features.ndim < 2 or not features.size or features.dtype.kind not in "buif":
        raise DataError(f"{name}: {key} wants numbers [N, …], got {_shown(features)}")
    if features.dtype == np.uint8:
        return features
    features = features.astype(np.float32)
    if not np.isfinite(features).all():
        row = int(np.argwhere(~np.isfinite(features))[0][0])
        raise DataError(f"{name}: {key} holds a number that is not finite, first in row {row}")
    return features


def _labels(name: str, key: str, labels: Array, examples: int) -> Array:
    fits = labels.ndim in (1, 2) and len(labels) == examples and labels.size
    if not fits or labels.dtype.kind not in "buif":
        raise DataError(
            f"{name}: {key} wants {examples} labels [N] or [N, K], got {_shown(labels)}"
        )
    return labels


def _shown(array: Array) -> str:
    return f"{list(array.shape)} in {array.dtype}"
