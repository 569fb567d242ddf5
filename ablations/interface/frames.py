"""The tables of a report as pandas frames: the same columns, the same numbers, nothing rounded."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_TEXT = {
    *("study", "arm", "status", "reason", "fingerprint", "stale"),
    *("verdict", "flag", "may_be_best", "metric"),
}


def frame(csv: str, text: Iterable[str] = ()) -> pd.DataFrame:
    """Return the table in a CSV text; what is empty in a column of numbers is NaN.

    ``text`` names columns that hold text, besides those that always do: an arm may be called 7.
    """
    import pandas as pd

    columns = {*_TEXT, *text}
    table = pd.read_csv(
        io.StringIO(csv),
        dtype=dict.fromkeys(columns, str),
        keep_default_na=False,
        na_values=[""],
        float_precision="round_trip",
    )
    for column in columns & set(table.columns):
        table[column] = table[column].fillna("")
    if "stale" in table:
        table["stale"] = table["stale"] == "true"
    return table


def joined(tables: Mapping[str, pd.DataFrame], column: str) -> pd.DataFrame:
    """Return tables one below the other, ``column`` telling them apart by their keys."""
    import pandas as pd

    told = [table.assign(**{column: label}) for label, table in tables.items()]
    whole = pd.concat(told, ignore_index=True)
    return whole[[column, *(name for name in whole.columns if name != column)]]
