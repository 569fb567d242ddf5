"""The tables of a report as pandas frames: the same columns, the same numbers, nothing rounded."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_TEXT = {
    *("study", "arm", "status", "reason", "data", "fingerprint"),
    *("verdict", "flag", "may_be_best", "metric", "replicates"),
}


def frame(csv_text: str) -> pd.DataFrame:
    """Return the table in a CSV text, which has text in the columns that always hold it.

    Numbers are those that were written, to the last bit; what is empty among them is NaN.
    """
    import pandas as pd

    reader = csv.DictReader(io.StringIO(csv_text))
    rows = list(reader)
    columns = {name: [row[name] for row in rows] for name in reader.fieldnames or ()}
    return pd.DataFrame({name: _typed(name, cells) for name, cells in columns.items()})


def _typed(column: str, cells: Sequence[str]) -> Sequence[str | bool | int | float]:
    if column == "stale":
        return [cell == "true" for cell in cells]
    if column in _TEXT:
        return cells  # an arm may be called 7
    if cells and all(cell.removeprefix("-").isdecimal() for cell in cells):
        return [int(cell) for cell in cells]
    return [float(cell) if cell else math.nan for cell in cells]


def joined(tables: Mapping[str, pd.DataFrame], column: str) -> pd.DataFrame:
    """Return tables one below the other, ``column`` telling them apart by their keys."""
    import pandas as pd

    told = [table.assign(**{column: label}) for label, table in tables.items()]
    whole = pd.concat(told, ignore_index=True)
    return whole[[column, *(name for name in whole.columns if name != column)]]
