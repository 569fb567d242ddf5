"""Save and restore all variables as arrays: no pickle, no code, every seed generator's state."""

from __future__ import annotations

import hashlib
import io
import re
import time
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablations.files import read_bounded, write_atomically
from ablations.ledger.records import HEADER_MEMBER, CheckpointHeader

Arrays = Mapping[str, NDArray[Any]]
"""Name of a variable → its value."""


class UnusableError(Exception):
    """A checkpoint that must not be restored; the reason in a few words."""


def save(path: Path, arrays: Arrays, header: CheckpointHeader | None = None) -> None:
    """Write the arrays, and how far the run has come, into ``path``, atomically."""
    path.parent.mkdir(exist_ok=True)  # in a directory that is there: one removed stays so
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    with zipfile.ZipFile(content, "a") as archive:
        if header is not None:
            archive.writestr(HEADER_MEMBER, header.model_dump_json(by_alias=True))
        archive.comment = b"0" * SEAL_LENGTH  # the last bytes of the file
    whole = content.getvalue()[:-SEAL_LENGTH]
    write_atomically(path, whole + _seal(whole))


MOST_BYTES = 64 * 1024**3
SEAL_LENGTH = 64
"""The last bytes of a checkpoint, the archive's comment: the SHA-256 of all bytes before them."""


_UNREADABLE = (
    *(OSError, ValueError, EOFError, TypeError, KeyError, RuntimeError, MemoryError),
    *(zipfile.BadZipFile, zlib.error),
)


def _seal(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def load(path: Path, of_suite: bool = True) -> dict[str, NDArray[Any]]:
    """Return the arrays that ``save`` wrote; those of any ``.npz`` where it need not be of us.

    Raises:
        UnusableError: the file is torn, damaged or no archive of arrays.
    """
    try:
        content = read_bounded(path, MOST_BYTES)
        seal = content[-SEAL_LENGTH:]
        if seal != _seal(content[:-SEAL_LENGTH]) and (
            of_suite or re.fullmatch(rb"[0-9a-f]+", seal)
        ):
            raise UnusableError("it is damaged: its checksum is not that of its content")
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if name != HEADER_MEMBER}
    except _UNREADABLE as error:
        raise UnusableError(f"it cannot be read ({type(error).__name__})") from None


def with_prefix(prefix: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Return the arrays under longer names, to share a checkpoint with others."""
    return {f"{prefix}{name}": array for name, array in arrays.items()}


def take_prefixed(prefix: str, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Remove the arrays that ``with_prefix`` named from ``arrays``; return them by own names."""
    names = [name for name in arrays if name.startswith(prefix)]
    return {name.removeprefix(prefix): arrays.pop(name) for name in names}


WRITING_SHARE = 0.02
FIRST_WRITING_SECONDS = 0.02  # taken for the cost of the first checkpoint, so it comes after 1 s


class CheckpointInterval:
    """When the next checkpoint is due: writing takes at most 2% of the time.

    With epochs of seconds that is after each epoch; runs of less than a second write none.
    """

    def __init__(self) -> None:
        self._cost_seconds, self._last = FIRST_WRITING_SECONDS, time.perf_counter()

    @property
    def due(self) -> bool:
        """Whether enough was trained since the last checkpoint to be worth another."""
        return (time.perf_counter() - self._last) * WRITING_SHARE >= self._cost_seconds

    def restart(self, writing_started: float) -> None:
        """Begin the next interval; writing began at ``writing_started`` (``perf_counter``)."""
        self._last = time.perf_counter()
        self._cost_seconds = self._last - writing_started
