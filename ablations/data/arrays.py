"""A user's own arrays, from wherever they come: checked, and made a ``Dataset``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablations.data.dataset import Dataset, Features
from ablations.errors import DataError, suggest

SPLIT = ("x_train", "y_train", "x_test", "y_test")
WHOLE = ("x", "y")
WEIGHTS = "sample_weights"
"""Of ``x_train``, or of ``x``."""
TEST_SHARE = 1 / 5
HIGHEST_PIXEL = 255
_VALIDATION = re.compile(r"[xyXY]_?(val|valid|validation|dev)")
"""The name of an array that is meant to validate."""

Array = NDArray[Any]


def dataset_of(name: str, arrays: Mapping[str, Array], digest: str) -> Dataset:
    """Return the data set in ``x_train``, ``y_train``, ``x_test``, ``y_test``, or in ``x``, ``y``.

    Of the latter a fifth is for testing, drawn once and the same whatever the seed.  Features
    [N, …] in uint8 are pixels and scaled by 1/255; all others are taken as they are, in float32.
    Several inputs are arrays ``x_train/NAME``, ``x_test/NAME``, or ``x/NAME``.  ``sample_weights``
    [N] weigh the examples that train.  Labels are numbers, [N] or [N, K]: what else they must be, a
    task says (``labels.py``).

    Raises:
        DataError: an array is missing or does not fit; the message names it by ``name``.
    """
    grouped = _grouped(arrays)
    _check_names(name, grouped)
    weights = grouped.get(WEIGHTS)
    if all(key in grouped for key in SPLIT):
        x_train, y_train, x_test, y_test = (grouped[key] for key in SPLIT)
    elif all(key in grouped for key in WHOLE):
        x, y = (grouped[key] for key in WHOLE)
        train, test = _held_out(name, x, y)
        x_train, y_train, x_test, y_test = _rows(x, train), y[train], _rows(x, test), y[test]
        weights = None if weights is None else _weights(name, weights, len(y))[train]
    else:
        wanted = f"{', '.join(SPLIT)}, or {' and '.join(WHOLE)}"
        raise DataError(f"{name}: wants arrays {wanted}, got {', '.join(arrays) or 'none'}")
    train_features, test_features = (
        _each(name, key, x) for key, x in (("x_train", x_train), ("x_test", x_test))
    )
    train_labels = _labels(name, "y_train", y_train, _count(name, "x_train", train_features))
    test_labels = _labels(name, "y_test", y_test, _count(name, "x_test", test_features))
    _check_alike(name, train_features, test_features)
    return Dataset(
        name=name,
        train_features=train_features,
        train_labels=train_labels,
        test_features=test_features,
        test_labels=test_labels,
        outputs=0,
        scale=_scale(train_features),
        digest=digest,
        train_weights=None if weights is None else _weights(name, weights, len(train_labels)),
        values=_values(train_features),
    )


def _check_names(name: str, grouped: Mapping[str, Any]) -> None:
    """Refuse an array that nothing would read."""
    known = (*(SPLIT if all(key in grouped for key in SPLIT) else WHOLE), WEIGHTS)
    if not all(key in grouped for key in known[:-1]):
        return  # the line says which are missing
    for key, array in grouped.items():
        if key in known:
            continue
        if _VALIDATION.fullmatch(key):
            part = next(iter(array.values())) if isinstance(array, Mapping) else array
            x, y = known[:2]
            raise DataError(
                f"{name}: {key} is not read, as the validation split is cut from {x} and {y}; "
                f"append it to {x if key[0] in 'xX' else y} and write data.validation: "
                f"{{rows: last {part.shape[0] if part.ndim else 'N'}}}"
            )
        raise DataError(f'{name}: unknown array "{key}"; {suggest(key, known)}')


def _grouped(arrays: Mapping[str, Array]) -> dict[str, Any]:
    """Gather ``x/left`` and ``x/right`` as the inputs left and right of ``x``."""
    found: dict[str, Any] = {}
    for key, array in arrays.items():
        group, slash, name = key.partition("/")
        if slash and group.startswith("x"):
            found.setdefault(group, {})[name] = array
        else:
            found[key] = array
    return found


def _rows(features: Features, rows: NDArray[np.integer]) -> Features:
    if isinstance(features, Mapping):
        return {name: each[rows] for name, each in features.items()}
    held: Array = features[rows]
    return held


def _each(name: str, key: str, features: Features) -> Features:
    if isinstance(features, Mapping):
        return {
            part: _features(name, f"{key}/{part}", each) for part, each in sorted(features.items())
        }
    return _features(name, key, features)


def _count(name: str, key: str, features: Features) -> int:
    parts = features if isinstance(features, Mapping) else {"": features}
    counts = {len(each) for each in parts.values()}
    if len(counts) > 1:
        shown = ", ".join(f"{part} {_shown(each)}" for part, each in parts.items())
        raise DataError(f"{name}: the inputs of {key} differ in their number: {shown}")
    return counts.pop()


def _check_alike(name: str, train: Features, test: Features) -> None:
    one, other = ((x if isinstance(x, Mapping) else {"": x}) for x in (train, test))
    if one.keys() != other.keys():
        named = ", ".join(one), ", ".join(other)
        raise DataError(f"{name}: x_train has the inputs {named[0]}, x_test has {named[1]}")
    for part, each in one.items():
        if each.shape[1:] != other[part].shape[1:] or each.dtype != other[part].dtype:
            end = f"/{part}" if part else ""
            raise DataError(
                f"{name}: x_train{end} {_shown(each)} and x_test{end} {_shown(other[part])} do "
                "not fit"
            )


def _scale(features: Features) -> float | dict[str, float]:
    if isinstance(features, Mapping):
        return {name: _scale_of(each) for name, each in features.items()}
    return _scale_of(features)


def _values(features: Features) -> str:
    """Return what the features are, and what is done to them, in words."""
    if isinstance(features, Mapping):
        return "; ".join(f"{name}: {_values(each)}" for name, each in features.items())
    kind = "whole numbers" if features.dtype.kind in "ui" else "numbers"
    least, greatest = features.min(), features.max()
    shown = f"{kind} from {least:g} to {greatest:g}"
    if features.dtype == np.uint8:
        return f"{shown} in uint8, divided by {HIGHEST_PIXEL}"
    like_pixels = features.ndim > 2 and least >= 0 and 2 < greatest <= HIGHEST_PIXEL
    hint = f" (pixels in uint8 would be divided by {HIGHEST_PIXEL})" if like_pixels else ""
    return f"{shown}, taken as they are{hint}"


def _scale_of(features: Array) -> float:
    return 1 / HIGHEST_PIXEL if features.dtype == np.uint8 else 1.0


def _held_out(name: str, x: Features, y: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows that train and those that test."""
    parts = x.values() if isinstance(x, Mapping) else [x]
    for features in parts:
        if not features.ndim or not y.ndim or len(features) != len(y):
            raise DataError(f"{name}: x {_shown(features)} and y {_shown(y)} do not fit")
    order = np.random.default_rng(0).permutation(len(y))
    test, train = np.split(order, [round(len(y) * TEST_SHARE)])
    return train, test


def _features(name: str, key: str, features: Array) -> Array:
    if features.ndim < 2 or not features.size or features.dtype.kind not in "buif":
        raise DataError(f"{name}: {key} wants numbers [N, …], got {_shown(features)}")
    if features.dtype == np.uint8:
        return features
    whole, limits = features.dtype.kind in "ui", np.iinfo(np.int32)
    if whole and limits.min <= features.min() <= features.max() <= limits.max:
        return features.astype(np.int32)  # tokens, say: the network may read whole numbers
    features = features.astype(np.float32)
    if not np.isfinite(features).all():
        row = int(np.argwhere(~np.isfinite(features))[0][0])
        raise DataError(f"{name}: {key} holds a number that is not finite, first in row {row}")
    return features


def _weights(name: str, weights: Array, examples: int) -> NDArray[np.float32]:
    if weights.shape != (examples,) or weights.dtype.kind not in "buif":
        raise DataError(
            f"{name}: {WEIGHTS} wants a weight for each of {examples} examples, [N], got "
            f"{_shown(weights)}"
        )
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise DataError(f"{name}: {WEIGHTS} wants finite weights ≥ 0")
    return weights.astype(np.float32)


def _labels(name: str, key: str, labels: Array, examples: int) -> Array:
    fits = labels.ndim in (1, 2) and len(labels) == examples and labels.size
    if not fits or labels.dtype.kind not in "buif":
        raise DataError(
            f"{name}: {key} wants {examples} labels [N] or [N, K], got {_shown(labels)}"
        )
    return labels


def _shown(array: Array) -> str:
    return f"{list(array.shape)} in {array.dtype}"
