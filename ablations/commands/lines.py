"""Where the lines of a command go: standard output, fewer if it is to be quiet, and a log."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TextIO

from rich.console import Console

from ablations.errors import RunsDirectoryError, printable


class Lines:
    """Takes a command's lines one by one, each as soon as there is something to say."""

    def __init__(self, quiet: bool = False, log: Path | None = None) -> None:
        """Open the log, if there is to be one, to add to it.

        Raises:
            RunsDirectoryError: it cannot be written.
        """
        self.quiet = quiet
        self.console = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
        self._log: TextIO | None = None
        if log is not None:
            try:
                self._log = log.open("a", encoding="utf-8")
            except OSError as error:
                raise RunsDirectoryError(f"--log {log}: {error.strerror}") from None

    def say(self, line: str) -> None:
        """Print a line that is wanted in any case: what failed, what to do, how it ended."""
        self._write(line)
        self.console.print(line)

    def detail(self, line: str) -> None:
        """Print a line unless the command is to be quiet; the log has it either way."""
        self._write(line)
        if not self.quiet:
            self.console.print(line)

    def _write(self, line: str) -> None:
        if self._log is not None:
            now = datetime.now().isoformat(" ", "seconds")
            self._log.write(f"{now}  {printable(line)}\n")
            self._log.flush()
