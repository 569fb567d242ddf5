"""Where a study that is run from Python says how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ablations.commands.lines import Lines


@contextmanager
def lines_here(quiet: bool, log: Path | None) -> Iterator[Lines]:
    """Yield what takes the lines: standard output, or the output of a notebook's cell."""
    yield Lines(quiet, log)
