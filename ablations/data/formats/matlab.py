"""``mnist-original.mat``, the MATLAB file of the notes: ``data`` [784, N] and ``label`` [1, N]."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablations.data.formats import BYTE_BUDGET
from ablations.errors import DataError

TRAIN_EXAMPLES = 60_000
_BYTES_A_NUMBER = 8
_UNREADABLE = (OSError, EOFError, ValueError, TypeError, KeyError, IndexError, MemoryError)


def read_matlab(path: Path) -> list[NDArray[np.uint8]]:
    """Return training images and labels, then those for testing, which come last in the file.

    Raises:
        DataError: the file is torn, of another content, or larger than the budget.
    """
    from scipy.io import loadmat, whosmat

    try:
        shapes = {name: shape for name, shape, _ in whosmat(path)}
        _check(path, shapes)
        content = loadmat(path, variable_names=["data", "label"])
    except (*_UNREADABLE, NotImplementedError, zlib.error) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path}: torn or unreadable: {reason}") from None
    pixels, labels = content["data"], content["label"].ravel()
    if pixels.dtype != np.uint8 or not np.isin(labels, range(256)).all():
        raise DataError(f"{path}: wants data in uint8 and whole labels, got {pixels.dtype}")
    images, labels = pixels.T.reshape(-1, 28, 28), labels.astype(np.uint8)
    images = np.ascontiguousarray(images)
    cut = TRAIN_EXAMPLES
    return [images[:cut], labels[:cut], images[cut:], labels[cut:]]


def _check(path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    pixels, examples = (*shapes.get("data", ()), 0, 0)[:2]
    if pixels != 784 or examples <= TRAIN_EXAMPLES or shapes.get("label") != (1, examples):
        found = ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items()) or "nothing"
        raise DataError(
            f"{path}: wants data [784, N] and label [1, N] with N > {TRAIN_EXAMPLES}, got {found}"
        )
    size = (pixels + 1) * examples * _BYTES_A_NUMBER
    if size > BYTE_BUDGET:
        raise DataError(f"{path}: declares up to {size} bytes; the budget is {BYTE_BUDGET}")
