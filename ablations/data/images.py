"""Read MNIST and its kin from the files that ``locate`` found."""

from __future__ import annotations

import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ablations.data.dataset import Dataset
from ablations.data.idx import BYTE_BUDGET, read_idx
from ablations.errors import DataError

CLASSES = 10
INPUT_SHAPE = (28, 28)


def read_images(name: str, files: list[Path], digest: str) -> Dataset:
    """Return the data set in an archive of Keras or in four IDX files."""
    arrays = _read_npz(files[0]) if len(files) == 1 else [read_idx(path) for path in files]
    train_images, train_labels, test_images, test_labels = arrays
    _check(files[0], train_images, train_labels)
    _check(files[-1], test_images, test_labels)
    return Dataset(
        name=name,
        train_features=train_images,
        train_labels=train_labels.astype(np.int32),
        test_features=test_images,
        test_labels=test_labels.astype(np.int32),
        classes=CLASSES,
        scale=1 / 255,
        digest=digest,
    )


def _read_npz(path: Path) -> list[NDArray[np.uint8]]:
    try:
        # Opened here: NumPy leaves the file open where the archive is torn.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            size = sum(member.file_size for member in archive.zip.infolist())
            if size > BYTE_BUDGET:
                raise DataError(f"{path}: declares {size} bytes; the budget is {BYTE_BUDGET}")
            return [archive[key] for key in ("x_train", "y_train", "x_test", "y_test")]
    except (OSError, EOFError, ValueError, KeyError, MemoryError, BadZipFile, zlib.error) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: torn or unreadable: {reason}") from None


def _check(path: Path, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    if images.shape[1:] != INPUT_SHAPE or labels.shape != (len(images),):
        raise DataError(
            f"{path}: images {images.shape} and labels {labels.shape} do not fit; wants "
            f"[N, {INPUT_SHAPE[0]}, {INPUT_SHAPE[1]}] and [N]"
        )
    if len(labels) and int(labels.max()) >= CLASSES:
        raise DataError(f"{path}: labels reach {int(labels.max())}; wants 0 to {CLASSES - 1}")
