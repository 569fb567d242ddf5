"""Files that grow by a line of JSON an epoch, each with the checksum of its line."""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablations.files import read_bounded

MOST_HISTORY_BYTES = 1_000_000_000

STEP = "step"
"""What a user's own trainer counts by in place of epochs."""
MOST_STEP = 2**62
TAKEN = ("epoch", STEP, "crc32")
"""Keys of a line that no scalar may have."""
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
    """Append a line and its checksum; a crash can tear the last line only."""
    with path.open("a") as stream:
        stream.write(line_of(content))


def line_of(content: Mapping[str, Any]) -> str:
    """Return a line with its checksum and its end; a number that is not finite becomes null."""
    line = json.dumps(_finite(content), allow_nan=False)
    return f"{line[:-1]}{_SUM}{zlib.crc32(line.encode())}}}\n"


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
        epoch = parse_line(line, summed)
        if epoch is None:
            return Lines(tuple(epochs), f"line {number} is damaged")
        epochs.append(epoch)
    return Lines(tuple(epochs), "its last line is torn" if torn else "")


def parse_line(line: bytes, summed: bool = False) -> dict[str, Any] | None:
    """Return what a line holds, None where it is not what was written; see ``parsed_line``."""
    try:
        return parsed_line(line, summed)
    except LineError:
        return None


class LineError(Exception):
    """A line cannot be read; says why."""


def parsed_line(line: bytes, summed: bool = False) -> dict[str, Any]:
    """Return what a line holds.

    A line counts by ``epoch``; the ``step`` of a user's own trainer is one.  ``summed`` says
    whether it must have a checksum.

    Raises:
        LineError: it is not what was written.
    """
    try:
        epoch = json.loads(line)
    except (ValueError, RecursionError):
        raise LineError("is no JSON") from None
    if not isinstance(epoch, dict):
        raise LineError("is no mapping")
    if STEP in epoch and "epoch" not in epoch:
        epoch = {"epoch": epoch.pop(STEP), **epoch}
    if "epoch" not in epoch:
        raise LineError(f"has no {STEP}")
    number = epoch["epoch"]
    if not isinstance(number, int) or abs(number) > MOST_STEP:
        raise LineError(f"its {STEP} is no whole number")
    stated = epoch.pop("crc32", None)
    if summed and zlib.crc32(line.rpartition(_SUM.encode())[0] + b"}") != stated:
        raise LineError("its checksum is not that of its content")
    return epoch


def by_step(history: Iterable[Mapping[str, float | None]]) -> dict[int, Mapping[str, float | None]]:
    """Return step → all that was recorded at it, in order of the steps; of a number the last.

    A trainer may log a step in several lines, and a program that is started again may log its
    steps from the first on: what it recorded before under the same name, of steps that it has not
    reached again, is of an attempt that was given up, and is left out.
    """
    values: dict[str, dict[int, float | None]] = {}
    first: dict[str, int] = {}
    reached: dict[str, int] = {}
    for line in history:
        step = int(line["epoch"] or 0)
        for name, value in line.items():
            values.setdefault(name, {})[step] = value
            begins = step <= first.get(name, step)
            first[name] = min(step, first.get(name, step))
            reached[name] = step if begins else max(step, reached[name])
    steps: dict[int, dict[str, float | None]] = {}
    for name in values:
        for step, value in values[name].items():
            if step <= reached[name]:
                steps.setdefault(step, {})[name] = value
    return {step: steps[step] for step in sorted(steps)}


LAST_BYTES = 256 * 1024
"""More than the longest line."""


def read_last_line(path: Path) -> Mapping[str, Any] | None:
    """Return the last whole line in ``path``, which may grow meanwhile; None where there is none.

    It is looked at while a run is trained, and decides nothing: its checksum is not tested.
    """
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - LAST_BYTES))
            lines = stream.read(LAST_BYTES).split(b"\n")[:-1]
    except OSError:
        return None
    try:
        last = json.loads(lines[-1]) if lines else None
    except (ValueError, RecursionError):
        return None
    return last if isinstance(last, dict) else None
