"""What a page is made of, as plain text: Markdown, HTML and LaTeX each render these blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True)
class Paragraph:
    """A paragraph."""

    text: str
    quiet: bool = False
    """Whether it is a note, set in smaller type where there is one."""

    kind: ClassVar[str] = "paragraph"


@dataclass(frozen=True)
class Column:
    """A column's heading, and whether its cells are numbers."""

    title: str
    numeric: bool = False


@dataclass(frozen=True)
class Cell:
    """A table's cell."""

    text: str
    order: float | None = None
    """The number to sort it by, where it shows one."""
    style: str = ""
    """``control`` or a verdict; a class of the style sheet."""


@dataclass(frozen=True)
class Table:
    """A table of text."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sortable: bool = False

    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Figure:
    """A figure, drawn."""

    name: str
    """File name without the extension."""
    title: str
    caption: str
    svg: str
    narrow_svg: str
    """The same for a phone."""
    png: bytes
    narrow_png: bytes
    """For a phone, and for TensorBoard's cards, which are no wider."""
    paint: Callable[[Any, Any], None] = field(repr=False, compare=False)
    """Draws it once more: on matplotlib's figure, for a ``figures.style.Layout``."""

    kind: ClassVar[str] = "figure"


@dataclass(frozen=True)
class Commands:
    """Lines for a shell."""

    lines: tuple[str, ...]

    kind: ClassVar[str] = "commands"


@dataclass(frozen=True)
class PageLink:
    """A link to another study's page."""

    study: str
    label: str
    text: str
    """What stands beside it."""


@dataclass(frozen=True)
class Pages:
    """Links to pages that lie beside this one's."""

    links: tuple[PageLink, ...]

    kind: ClassVar[str] = "pages"


Block = Paragraph | Table | Figure | Commands | Pages


@dataclass(frozen=True)
class Section:
    """A heading and the blocks below it."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def anchor(self) -> str:
        """What a link within the page names."""
        return anchor(self.title)


def anchor(title: str) -> str:
    """Return the anchor of a heading, as GitHub's Markdown makes it."""
    return title.lower().replace(" ", "-")


def notes(texts: Sequence[str]) -> tuple[Paragraph, ...]:
    """Return a quiet paragraph for each text."""
    return tuple(Paragraph(text, quiet=True) for text in texts)


def text_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table without numbers."""
    cells = (tuple(Cell(text) for text in row) for row in rows)
    return Table(tuple(Column(title) for title in titles), tuple(cells))


def number_columns(*titles: str) -> tuple[Column, ...]:
    """Return columns of numbers."""
    return tuple(Column(title, numeric=True) for title in titles)
