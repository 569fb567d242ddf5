"""The IDX files of MNIST and its kin, gzipped or not.

The header is two zero bytes, a type, the number of dimensions, then each size as a big-endian
32-bit number.  Sizes are checked against a budget before anything is allocated.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablations.data.formats import BYTE_BUDGET
from ablations.errors import DataError

MAXIMUM_DIMENSIONS = 8
_UNSIGNED_BYTE = 0x08


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Return the array of an IDX file of unsigned bytes.

    Raises:
        DataError: the file is torn, of another type, or larger than the budget.
    """
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if zipped else path.open("rb") as stream:
            shape = _read_header(path, stream.read(4), stream)
            size = math.prod(shape)
            if size > BYTE_BUDGET:
                raise DataError(f"{path}: declares {size} bytes; the budget is {BYTE_BUDGET}")
            content = stream.read(size + 1)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise DataError(f"{path}: torn or unreadable: {error}") from None
    if len(content) != size:
        more = "more" if len(content) > size else f"only {len(content)}"
        raise DataError(f"{path}: declares {size} bytes of data and holds {more}")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _read_header(path: Path, magic: bytes, stream: object) -> tuple[int, ...]:
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != _UNSIGNED_BYTE or not magic[3]:
        raise DataError(f"{path}: not an IDX file of unsigned bytes (it begins {magic!r})")
    dimensions = magic[3]
    if dimensions > MAXIMUM_DIMENSIONS:
        raise DataError(f"{path}: declares {dimensions} dimensions; at most {MAXIMUM_DIMENSIONS}")
    header = stream.read(4 * dimensions)  # type: ignore[attr-defined]
    return struct.unpack(f">{dimensions}I", header)
