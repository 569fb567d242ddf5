"""The overview of all reports under one directory, read back from the reports themselves.

So a report that was written elsewhere, whose runs are not here, keeps its line.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

from ablations.study.schema import NAME

_META = re.compile(r'<meta name="ablations:(\w+)" content="([^"]*)">')

_KEYS = ("question", "runs", "answer", "fairness", "notices")


@dataclass(frozen=True)
class Entry:
    """What the overview says of one study."""

    study: str
    question: str = ""
    runs: str = ""
    answer: str = ""
    fairness: str = ""
    notices: str = ""


def entries(out: Path) -> list[Entry]:
    """Return an entry for every folder of ``out`` that holds a report, by name."""
    found = []
    for page in sorted(out.glob("*/index.html")):
        if NAME.fullmatch(page.parent.name):
            text = page.read_text(encoding="utf-8", errors="replace")
            known = {key: html.unescape(value) for key, value in _META.findall(text)}
            said = {key: known.get(key, "") for key in _KEYS}
            found.append(Entry(study=page.parent.name, **said))
    return found
