"""A table as text, ready to be escaped for Markdown, HTML or LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column's heading, and whether its cells are numbers."""

    title: str
    numeric: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell's text, the number to sort it by where it shows one, and how it stands out."""

    text: str
    order: float | None = None
    look: str = ""
    """``control`` or a verdict; a name of the style sheet."""


@dataclass(frozen=True)
class Table:
    """A table of text."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def text_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table without numbers."""
    cells = (tuple(Cell(text) for text in row) for row in rows)
    return Table(tuple(Column(title) for title in titles), tuple(cells))
