"""Where tables are printed: the terminal, or a page of fixed width."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

WIDTH_ELSEWHERE = 120  # columns where there is no terminal to ask


def console_of_output() -> Console:
    """Return the console of standard output."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH_ELSEWHERE)


def print_line(console: Console, line: str, style: str = "") -> None:
    """Print a line, which is broken on a terminal alone."""
    console.print(Text(line, style=style), soft_wrap=not console.is_terminal)
