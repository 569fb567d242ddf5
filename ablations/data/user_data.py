"""What a study brings: ``npz:PATH``, ``csv:PATH`` and ``python:module.function``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ablations.data.arrays import SPLIT, dataset_of
from ablations.data.dataset import Dataset
from ablations.data.npz import read_npz
from ablations.data.table import read_csv
from ablations.errors import UserCodeError
from ablations.user_code import UserFunction


def read_archive(name: str, files: list[Path], digest: str) -> Dataset:
    """Return the data set in a NumPy archive."""
    return dataset_of(name, read_npz(files[0]), digest)


def read_table(name: str, files: list[Path], digest: str) -> Dataset:
    """Return the data set in a table."""
    return dataset_of(name, read_csv(files[0]), digest)


def call_function(name: str, files: list[Path], digest: str) -> Dataset:
    """Return the data set that a user's function returns: pairs as Keras's, or arrays by name.

    Raises:
        UserCodeError: it does not import, raises, or returns something else.
        DataError: the arrays do not fit; see ``dataset_of``.
    """
    returned = UserFunction.named(name).call()
    try:
        if not isinstance(returned, Mapping):
            (x_train, y_train), (x_test, y_test) = returned
            returned = dict(zip(SPLIT, (x_train, y_train, x_test, y_test), strict=True))
        arrays: dict[str, Any] = {key: np.asarray(array) for key, array in returned.items()}
    except (TypeError, ValueError):
        raise UserCodeError(
            f"{name}: wants (x_train, y_train), (x_test, y_test) or a mapping with these names, "
            f"got {type(returned).__name__}"
        ) from None
    return dataset_of(name, arrays, digest)
