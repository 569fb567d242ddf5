"""Where a study that is run from Python says how far it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any

from ablations.commands.lines import Lines
from ablations.commands.views import MOST_ROWS, PlainLines, View, described
from ablations.execution.underway import Underway

MOST_LINES = 12
"""Of the outcomes, the last ones; a cell that grew with a thousand runs would bury the notebook."""


@contextmanager
def lines_here(quiet: bool, log: Path | None) -> Iterator[Lines]:
    """Yield what takes the lines: standard output, or the output of a notebook's cell."""
    yield _CellLines(quiet, log) if _in_a_notebook() else Lines(quiet, log)


def _in_a_notebook() -> bool:
    """Whether a Jupyter kernel runs this program."""
    shell = sys.modules.get("IPython")
    instance = shell.get_ipython() if shell else None
    return instance is not None and getattr(instance, "kernel", None) is not None


class _CellLines(Lines):
    """One output of a cell, whose text is replaced as the session goes on."""

    def __init__(self, quiet: bool, log: Path | None) -> None:
        super().__init__(quiet, log)
        self._kept: list[str] = []
        self._left_out = 0
        self._rows: list[str] = []
        self._handle: Any = None

    @property
    def is_live(self) -> bool:
        """Always: the text is replaced."""
        return not self.quiet

    def views(self, total: int) -> list[View]:
        """Return what shows the progress of so many runs."""
        logged: list[View] = [PlainLines(self.write)] if self.log else []
        return logged if self.quiet else [_Cell(total, self), *logged]

    def show(self, rows: Sequence[str]) -> None:
        """Show the last lines, and some rows below them that are replaced the next time."""
        self._rows = list(rows)
        left_out = [f"… {self._left_out} lines before"] if self._left_out else []
        text = "\n".join([*left_out, *self._kept, *self._rows])
        bundle = {"text/plain": text, "text/html": f"<pre>{escape(text)}</pre>"}
        if self._handle is None:
            display = import_module("IPython.display").display  # there in every notebook
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def _print(self, line: str) -> None:
        self._kept.append(line)
        self._left_out += len(self._kept[:-MOST_LINES])
        self._kept = self._kept[-MOST_LINES:]
        self.show(self._rows)


class _Cell:
    """How many runs are done, and a row for each that is being trained."""

    def __init__(self, total: int, lines: _CellLines) -> None:
        self._total, self._lines, self._before = total, lines, list[str]()

    def start(self) -> None:
        """Show that nothing is done yet."""
        self.update(0, ())

    def update(self, done: int, underway: Sequence[Underway]) -> None:
        """Show the rows, if they have changed."""
        rows = [f"{done} of {self._total} runs done"]
        rows += [f"  {each.name}: {described(each)}" for each in underway[:MOST_ROWS]]
        if rows != self._before:
            self._before = rows
            self._lines.show(rows)

    def stop(self) -> None:
        """Take the rows away."""
        self._lines.show([])
