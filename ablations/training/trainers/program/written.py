"""Find the files outside a run's directory that are written while its program runs.

Runs that share such a file may go on from one another.  Which program wrote it is not known, so the
files are only named; two levels of the directory that the program is started in are looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ablations.own_files import INSTALLED, RESULTS, shown

MOST_ENTRIES, LEVELS = 5_000, 2
"""Of the directory that are looked at."""
MOST_NAMED = 20
LEFT_OUT = (".py", ".pyc", ".ipynb", ".sh", ".log", ".out", ".err")
"""Endings of files that people edit while runs train, and of those that no run goes on from."""


class WrittenFiles:
    """The files of a directory as a run begins, to tell which of them are written after that."""

    def __init__(self, directory: Path, runs: Path) -> None:
        """``runs`` is where all runs are kept, each of which writes below it."""
        self._directory, self._runs = directory, os.path.realpath(runs)
        self._before = dict(self._stamps())

    def names(self) -> tuple[str, ...]:
        """Return the files that are new, or not what they were, by name; the first of them."""
        outputs = _outputs_of_this_process()
        written = (
            path
            for path, stamp in self._stamps()
            if self._before.get(path) != stamp and stamp[:2] not in outputs
        )
        return tuple(sorted(shown(Path(path)) for path in written)[:MOST_NAMED])

    def _stamps(self) -> Iterator[tuple[str, tuple[int, int, int, int]]]:
        """Yield path → device, number, size and time of each file."""
        if self._is_left_out(os.path.realpath(self._directory)):
            return
        left, entries = [(str(self._directory), 1)], 0
        while left:
            place, level = left.pop(0)
            try:
                with os.scandir(place) as inside:
                    for entry in inside:
                        entries += 1
                        if entries > MOST_ENTRIES:
                            return
                        if entry.name.startswith("."):
                            continue
                        if entry.is_dir(follow_symlinks=False):
                            if level < LEVELS and not self._is_left_out(os.path.realpath(entry)):
                                left.append((entry.path, level + 1))
                        elif entry.is_file() and not entry.name.endswith(LEFT_OUT):
                            is_at = entry.stat()
                            stamp = (is_at.st_dev, is_at.st_ino, is_at.st_size, is_at.st_mtime_ns)
                            yield entry.path, stamp
            except OSError:
                continue

    def _is_left_out(self, real: str) -> bool:
        name = os.path.basename(real)
        if name in INSTALLED or name in RESULTS or name == "__pycache__":
            return True
        inside = f"{real}{os.sep}".startswith(f"{self._runs}{os.sep}")
        return inside or os.path.exists(os.path.join(real, "pyvenv.cfg"))


def _outputs_of_this_process() -> set[tuple[int, int]]:
    """Return device and number of the files that take what the runner prints."""
    found = set()
    for descriptor in (1, 2):
        try:
            status = os.fstat(descriptor)
        except OSError:
            continue
        found.add((status.st_dev, status.st_ino))
    return found
