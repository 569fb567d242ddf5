"""Save and restore all variables as arrays: no pickle, no code, every seed generator's state."""

from __future__ import annotations

import io
import time
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablations.files import write_atomically
from ablations.ledger.records import PLACE, Place

State = Mapping[str, NDArray[Any]]
"""Name of a variable → its value."""


class UnusableError(Exception):
    """A checkpoint that must not be continued from; the reason in a few words."""


def save(path: Path, state: State, place: Place | None = None) -> None:
    """Write the state into ``path``, atomically, and where the run stands."""
    path.parent.mkdir(exist_ok=True)
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **state)
    if place is not None:
        with zipfile.ZipFile(content, "a") as archive:
            archive.writestr(PLACE, place.model_dump_json(by_alias=True))
    write_atomically(path, content.getvalue())


def load(path: Path) -> dict[str, NDArray[Any]]:
    """Read back the state that ``save`` wrote.

    Raises:
        UnusableError: the file is torn or no archive of arrays.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if name != PLACE}
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise UnusableError(f"it cannot be read ({type(error).__name__})") from None


WRITING_SHARE = 0.02
FIRST_WRITING_SECONDS = 0.02  # taken for the cost of the first checkpoint, so it comes after 1 s


class Pace:
    """When a checkpoint is due: so rarely that writing takes at most 2% of the time.

    With epochs of seconds that is after each epoch; runs of less than a second write none.
    """

    def __init__(self) -> None:
        self._cost_seconds, self._last = FIRST_WRITING_SECONDS, time.perf_counter()

    @property
    def due(self) -> bool:
        """Whether enough was trained since the last checkpoint to be worth another."""
        return (time.perf_counter() - self._last) * WRITING_SHARE >= self._cost_seconds

    def wrote(self, started: float) -> None:
        """Take in that a checkpoint was begun at ``started`` (``perf_counter``) and is written."""
        self._last = time.perf_counter()
        self._cost_seconds = self._last - started
