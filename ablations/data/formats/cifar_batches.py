"""The Python batches of CIFAR-10, which are pickles: read with nothing but arrays allowed."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablations.data.formats import BYTE_BUDGET
from ablations.errors import DataError

_ARRAYS = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("_codecs", "encode"),
}


def read_batches(files: Sequence[Path]) -> list[NDArray[np.uint8]]:
    """Return training images [N, 32, 32, 3] and labels, then those of the last batch, for testing.

    Raises:
        DataError: a batch is torn, of another content, or larger than the budget.
    """
    parts = [_read_batch(path) for path in files]
    images = [part[0] for part in parts]
    labels = [part[1] for part in parts]
    return [np.concatenate(images[:-1]), np.concatenate(labels[:-1]), images[-1], labels[-1]]


class _Arrays(pickle.Unpickler):
    """A pickle is a program; this one may make arrays and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ARRAYS:
            raise pickle.UnpicklingError(f"names {module}.{name}, which is no array")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _read_batch(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    if path.stat().st_size > BYTE_BUDGET:
        raise DataError(f"{path}: larger than the budget of {BYTE_BUDGET} bytes")
    try:
        with path.open("rb") as stream:
            batch = _Arrays(stream, encoding="bytes").load()
        rows, labels = np.asarray(batch[b"data"]), np.asarray(batch[b"labels"])
    except Exception as error:  # of a torn or foreign pickle, anything
        reason = (str(error).splitlines() or [""])[0]
        raise DataError(f"{path}: torn or unreadable: {type(error).__name__}: {reason}") from None
    whole = labels.dtype.kind in "iu" and (
        not labels.size or 0 <= labels.min() <= labels.max() < 10
    )
    if rows.dtype != np.uint8 or rows.shape != (len(labels), 3072) or not whole:
        raise DataError(
            f"{path}: wants data [N, 3072] in uint8 and N labels from 0 to 9, got data "
            f"{list(rows.shape)} in {rows.dtype} and labels {list(labels.shape)}"
        )
    images = rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # stored channel by channel
    return np.ascontiguousarray(images), labels.astype(np.uint8)
