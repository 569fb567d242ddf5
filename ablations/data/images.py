"""Images in uint8 with labels, checked against what is known of their data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablations.data.arrays import HIGHEST_PIXEL, SPLIT
from ablations.data.dataset import DataFacts, Dataset
from ablations.data.source import LocalCopy
from ablations.errors import DataError


def image_dataset(facts: DataFacts, copy: LocalCopy, digest: str) -> Dataset:
    """Return the data set in a copy: images [N, *input_shape] in uint8 and labels [N] or [N, 1].

    Raises:
        DataError: a file is torn, of another content, or larger than the budget.
    """
    first, last = copy.files[0], copy.files[-1]
    arrays = copy.read(copy.files)
    if not all(key in arrays for key in SPLIT):
        held = ", ".join(arrays) or "none"
        raise DataError(f"{first}: wants arrays {', '.join(SPLIT)}, got {held}")
    train_images, train_labels, test_images, test_labels = (arrays[key] for key in SPLIT)
    return Dataset(
        name=facts.name,
        train_features=train_images,
        train_labels=_checked_labels(first, train_images, train_labels, facts),
        test_features=test_images,
        test_labels=_checked_labels(last, test_images, test_labels, facts),
        outputs=facts.outputs,
        scale=1 / HIGHEST_PIXEL,
        digest=digest,
    )


def _checked_labels(
    path: Path, images: NDArray[Any], labels: NDArray[Any], facts: DataFacts
) -> NDArray[np.int32]:
    """Return the labels as [N] where they and the images fit."""
    if labels.ndim == 2 and labels.shape[1] == 1:  # as in Keras's CIFAR-10
        labels = labels[:, 0]
    if images.shape[1:] != facts.input_shape or labels.shape != (len(images),):
        raise DataError(
            f"{path}: images {images.shape} and labels {labels.shape} do not fit; wants "
            f"[N, {', '.join(map(str, facts.input_shape))}] and [N]"
        )
    if images.dtype != np.uint8 or labels.dtype.kind not in "iu":
        raise DataError(
            f"{path}: images in {images.dtype} and labels in {labels.dtype}; wants uint8 and "
            "whole numbers"
        )
    highest = facts.outputs - 1
    if len(labels) and not 0 <= labels.min() <= labels.max() <= highest:
        raise DataError(f"{path}: labels reach {int(labels.max())}; wants 0 to {highest}")
    return labels.astype(np.int32)
