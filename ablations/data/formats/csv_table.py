"""Tables in CSV: one example a line, numbers only, with or without a line of column names."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablations.data.formats import BYTE_BUDGET
from ablations.errors import DataError
from ablations.files import is_number

LABEL = "label"


def read_csv(path: Path) -> dict[str, NDArray[Any]]:
    """Return features ``x`` [N, D] and labels ``y`` [N]: the column called label, or the last.

    Raises:
        DataError: a field is no number, the lines differ in length, or the file is too large.
    """
    if path.stat().st_size > BYTE_BUDGET:
        raise DataError(f"{path}: larger than the budget of {BYTE_BUDGET} bytes")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            first = next(csv.reader(stream), [])
            names = [] if all(map(is_number, first)) else [name.strip() for name in first]
            if not names:
                stream.seek(0)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of an empty file, which is refused below
                table = np.loadtxt(
                    stream, np.float32, comments=None, delimiter=",", quotechar='"', ndmin=2
                )
    except (OSError, ValueError, csv.Error) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise DataError(f"{path}: {reason}; wants numbers alone, but for a first line") from None
    if not table.size or table.shape[1] < 2:
        raise DataError(f"{path}: holds no examples; wants lines of features and a label")
    if names and len(names) != table.shape[1]:
        raise DataError(f"{path}: names {len(names)} columns and holds {table.shape[1]}")
    column = names.index(LABEL) if LABEL in names else table.shape[1] - 1
    return {"x": np.delete(table, column, axis=1), "y": table[:, column]}
