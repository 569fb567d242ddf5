"""Files that grow by a line of JSON an epoch, each with the checksum of its line."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablations.files import read_bounded

MOST_HISTORY_BYTES = 1_000_000_000

_SUM = ', "crc32": '
"""What stands before the checksum of a line, which is its last key."""


@dataclass(frozen=True)
class Lines:
    """What can be trusted of such a file: the lines up to the first that is torn or damaged."""

    epochs: tuple[dict[str, Any], ...] = ()
    """In the order of the file, without their checksums; ``epoch`` is an integer in each."""
    damage: str = ""
    """What is wrong with the line that follows; empty where all of the file is good."""


def append_line(path: Path, content: Mapping[str, Any]) -> None:
    """Append a line and its checksum; a number that is not finite becomes null.

    A crash can tear the last line only.
    """
    line = json.dumps(_finite(content), allow_nan=False)
    with path.open("a") as stream:
        stream.write(f"{line[:-1]}{_SUM}{zlib.crc32(line.encode())}}}\n")


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def read_lines(path: Path) -> Lines:
    """Return the lines of ``path``; none without a file.

    Where no line has a checksum, as in files of before 0.5 and of other programs, none is wanted.
    """
    try:
        content = read_bounded(path, MOST_HISTORY_BYTES)
    except FileNotFoundError:
        return Lines()
    except OSError as error:
        return Lines(damage=f"it cannot be read: {error.strerror}")
    *whole, torn = content.split(b"\n")
    summed = _SUM.encode() in content
    epochs: list[dict[str, Any]] = []
    for number, line in enumerate(whole, start=1):
        epoch = _parsed(line, summed)
        if epoch is None:
            return Lines(tuple(epochs), f"line {number} is damaged")
        epochs.append(epoch)
    return Lines(tuple(epochs), "its last line is torn" if torn else "")


def _parsed(line: bytes, summed: bool) -> dict[str, Any] | None:
    """Return what a line holds, None where it is not what was written."""
    try:
        epoch = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(epoch, dict) or not isinstance(epoch.get("epoch"), int):
        return None
    stated = epoch.pop("crc32", None)
    if summed and zlib.crc32(line.rpartition(_SUM.encode())[0] + b"}") != stated:
        return None
    return epoch
