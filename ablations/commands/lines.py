"""Where the lines of a command go: standard output, fewer if it is to be quiet, and a log."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from rich.console import Console

from ablations.commands.views import Bars, PlainLines, View
from ablations.errors import RunsDirectoryError, printable


class Lines:
    """Takes a command's lines one by one, each as soon as there is something to say."""

    def __init__(self, quiet: bool = False, log: Path | None = None) -> None:
        """See to it that there is a log, if one is wanted; lines are added to what it holds.

        Raises:
            RunsDirectoryError: it cannot be written.
        """
        self.quiet = quiet
        self.console = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
        self.log = log
        try:
            if log is not None:
                log.open("a").close()
        except OSError as error:
            raise RunsDirectoryError(f"--log {log}: {error.strerror}") from None

    def say(self, line: str) -> None:
        """Print a line that is wanted in any case: what failed, what to do, how it ended."""
        self.write(line)
        self._print(line)

    def detail(self, line: str) -> None:
        """Print a line unless the command is to be quiet; the log has it either way."""
        self.write(line)
        if not self.quiet:
            self._print(line)

    @property
    def is_live(self) -> bool:
        """Whether what is shown can change in its place."""
        return self.console.is_terminal and not self.quiet

    def views(self, total: int) -> list[View]:
        """Return what shows the progress of so many runs."""
        if not self.is_live:
            return [PlainLines(self.detail)]
        logged = [PlainLines(self.write)] if self.log else []
        return [Bars(total, self.console), *logged]

    def _print(self, line: str) -> None:
        self.console.print(line)

    def write(self, line: str) -> None:
        """Add a line to the log alone, with its time; nothing where none is kept."""
        if self.log is None:
            return
        now = datetime.now().isoformat(" ", "seconds")
        with self.log.open("a", encoding="utf-8") as stream:
            stream.write(f"{now}  {printable(line)}\n")
