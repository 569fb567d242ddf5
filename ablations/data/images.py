"""Read MNIST, its kin and CIFAR-10 from the files that ``locate`` found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablations.data.arrays import SPLIT
from ablations.data.dataset import Dataset
from ablations.data.idx import read_idx
from ablations.data.npz import read_npz
from ablations.errors import DataError

CLASSES = 10


def read_images(name: str, shape: tuple[int, ...], files: list[Path], digest: str) -> Dataset:
    """Return the data set in an archive of Keras, a MATLAB file, batches or four IDX files.

    Raises:
        DataError: a file is torn, of another content, or larger than the budget.
    """
    train_images, train_labels, test_images, test_labels = _arrays(files)
    train_labels = _check(files[0], train_images, train_labels, shape)
    test_labels = _check(files[-1], test_images, test_labels, shape)
    return Dataset(
        name=name,
        train_features=train_images,
        train_labels=train_labels,
        test_features=test_images,
        test_labels=test_labels,
        classes=CLASSES,
        scale=1 / 255,
        digest=digest,
    )


def _arrays(files: list[Path]) -> list[NDArray[Any]]:
    first = files[0]
    if first.suffix == ".npz":
        arrays = read_npz(first)
        if not all(key in arrays for key in SPLIT):
            found = ", ".join(arrays) or "none"
            raise DataError(f"{first}: wants arrays {', '.join(SPLIT)}, got {found}")
        return [arrays[key] for key in SPLIT]
    if first.suffix == ".mat":
        from ablations.data.matlab import read_matlab

        return [*read_matlab(first)]
    if first.name == "data_batch_1":
        from ablations.data.cifar import read_batches

        return [*read_batches(files)]
    return [read_idx(path) for path in files]


def _check(
    path: Path, images: NDArray[Any], labels: NDArray[Any], shape: tuple[int, ...]
) -> NDArray[np.int32]:
    """Return the labels as [N]; images must be [N, *shape] in uint8."""
    if labels.ndim == 2 and labels.shape[1] == 1:  # as in Keras's CIFAR-10
        labels = labels[:, 0]
    wanted = f"[N, {', '.join(map(str, shape))}]"
    if images.shape[1:] != shape or labels.shape != (len(images),):
        raise DataError(
            f"{path}: images {images.shape} and labels {labels.shape} do not fit; wants "
            f"{wanted} and [N]"
        )
    if images.dtype != np.uint8 or labels.dtype.kind not in "iu":
        raise DataError(
            f"{path}: images in {images.dtype} and labels in {labels.dtype}; wants uint8 and "
            "whole numbers"
        )
    if len(labels) and not 0 <= labels.min() <= labels.max() < CLASSES:
        raise DataError(f"{path}: labels reach {int(labels.max())}; wants 0 to {CLASSES - 1}")
    return labels.astype(np.int32)
