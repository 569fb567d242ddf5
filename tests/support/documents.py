"""The pages that explain the suite, as their blocks of commands, studies and code."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
"""Path from the root → text."""
ALL = "\n".join(PAGES.values())
LANGUAGES = ("sh", "yaml", "python", "csv", "diff", "text")
_FENCE = re.compile(r"^```(\w*)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"# ([\w./-]+\.\w+)\n")


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    file: str
    """What the page calls it: behind the language, or in a comment on its first line."""
    text: str

    @property
    def commands(self) -> list[str]:
        """The lines of a shell block that are commands, without what is said of them."""
        joined = self.text.replace("\\\n", " ")
        return [said for line in joined.splitlines() if (said := _without_comment(line))]


def _without_comment(line: str) -> str:
    return re.sub(r"(^|\s+)#.*$", "", line).strip()


def blocks(page: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    for language, file, text in _FENCE.findall(PAGES[page]):
        named = _NAMED.match(text)
        yield Block(language, file or (named[1] if named else ""), text)


def words(command: str) -> list[str]:
    """Return the words of a command, as a shell reads them."""
    return shlex.split(command)


def prose(page: str) -> str:
    """Return a page without its blocks."""
    return _FENCE.sub("", PAGES[page])


def inline_code(page: str) -> list[str]:
    """Return what stands in backticks in a page's prose."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def table(page: str, heading: str) -> dict[str, str]:
    """Return first → second column of the table whose heading row begins with ``heading``."""
    lines = PAGES[page].splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        first, second, *_ = (cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:])
        rows[first] = second
    return rows


def names_in(cells: dict[str, str]) -> list[str]:
    """Return all that stands in backticks in the first column of a table."""
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
