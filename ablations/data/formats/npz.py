"""NumPy archives: no pickle, and declared sizes are checked before anything is allocated."""

from __future__ import annotations

import math
import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ablations.data.formats import BYTE_BUDGET
from ablations.errors import DataError

_UNREADABLE = (
    *(OSError, EOFError, ValueError, KeyError, MemoryError, BadZipFile, zlib.error),
    *(RuntimeError, SyntaxError, TypeError),  # encrypted, compressed in another way, a bad header
)
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Return all arrays of an archive by name.

    Raises:
        DataError: the archive is torn, holds objects, or is larger than the budget.
    """
    try:
        # Opened here: NumPy leaves the file open where the archive is torn.
        with path.open("rb") as stream, ZipFile(stream) as archive:
            _check_sizes(path, archive)
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as arrays:
                return {key: arrays[key] for key in arrays.files}
    except _UNREADABLE as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise DataError(f"{path}: torn or unreadable: {reason}") from None


def _check_sizes(path: Path, archive: ZipFile) -> None:
    """Refuse an archive by what its directory and its arrays' headers declare."""
    members = archive.infolist()
    size = sum(member.file_size for member in members)
    if size > BYTE_BUDGET:
        raise DataError(f"{path}: declares {size} bytes; the budget is {BYTE_BUDGET}")
    for member in members:
        with archive.open(member) as stream:
            version = npy.read_magic(stream)
            if version not in _HEADERS:
                raise ValueError(f"{member.filename} is of format {version}, wants 1.0 or 2.0")
            shape, _, dtype = _HEADERS[version](stream)
        declared = math.prod(shape) * dtype.itemsize
        if not dtype.hasobject and declared > member.file_size:
            raise ValueError(
                f"{member.filename} declares {declared} bytes of data in {member.file_size}"
            )
