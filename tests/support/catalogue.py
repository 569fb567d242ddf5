"""What ``ablations techniques`` prints, page by page."""

from __future__ import annotations

import inspect
import io
from functools import cache

from rich.console import Console

from ablations.commands.techniques import techniques
from ablations.techniques.catalog import FAMILIES

ALL = [
    (title, technique.model_fields["name"].default, technique)
    for title, family in FAMILIES.items()
    for technique in family.techniques
]


ARM = "an arm of a study that uses it:"


@cache
def printed(name: str | None = None, width: int = 1000) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    techniques([name] if name else [], console)
    return console.file.getvalue()


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def page(title: str, name: str, width: int = 1000) -> list[str]:
    """Return the lines about one technique; a name may be in several families."""
    text = lines(printed(name, width))
    start = next(n for n, line in enumerate(text) if line.startswith(f"{name}: {title}, at "))
    end = next(n for n in range(start, len(text)) if text[n] == ARM)
    return text[start : end + 2]


def paragraphs(docstring: str | None) -> list[str]:
    text = inspect.cleandoc(docstring or "").replace("``", "`")
    return [" ".join(part.split()) for part in text.split("\n\n")]
