"""The overview of all reports under one directory, from the JSON that lies beside each of them.

So a report that was written elsewhere, whose runs are not here, keeps its line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ablations.analysis.infer.claims import Outcome
from ablations.analysis.show.page import Page
from ablations.analysis.show.sections.claims import ClaimLine
from ablations.files import read_bounded

OVERVIEW = "overview.json"
GLANCE = "figures/at_a_glance.svg"
"""The small figure, in the report's folder."""
MOST_BYTES = 10_000_000


class OverviewEntry(BaseModel):
    """What the overview says of one study: the content of ``overview.json``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    question: str = ""
    answer: str = ""
    fairness: str = ""
    runs: str = ""
    notices: tuple[str, ...] = ()
    part_of: str = ""
    """The study whose page speaks for this one's."""
    figure: str = ""
    """The small figure's path in the report's folder; empty where it has none."""
    claims: tuple[ClaimLine, ...] = ()

    def outcomes(self) -> Counter[Outcome]:
        """Return how many claims came out how."""
        return Counter(line.outcome for line in self.claims)


def overview_json(page: Page, figure: str) -> str:
    """Return what the overview says of the study of ``page``, beside the small ``figure``."""
    entry = OverviewEntry(
        question=page.question,
        answer=" ".join(page.answer),
        fairness=page.fairness,
        runs=page.runs,
        notices=tuple(notice.text for notice in page.notices),
        part_of=page.part_of,
        figure=figure,
        claims=page.claims,
    )
    return entry.model_dump_json(indent=2) + "\n"


def read_entries(out: Path) -> dict[str, OverviewEntry]:
    """Return folder → entry for every report under ``out``, by name; none for a study's part.

    The entry is empty where a report has no ``overview.json`` that can be read, for instance one
    that version 0.2.0 wrote.
    """
    pages = sorted(out.glob("*/index.html"))
    folders = [page.parent for page in pages if not page.parent.name.startswith(".")]
    entries = {folder.name: _read(folder / OVERVIEW) for folder in folders}
    return {name: entry for name, entry in entries.items() if entry.part_of not in entries}


def ordered_claims(entries: Mapping[str, OverviewEntry]) -> list[tuple[str, ClaimLine]]:
    """Return every study's claims, each with the study's name, the contradicted ones first."""
    order = ("contradicted", "not_settled", "reproduced")
    lines = [(study, line) for study, entry in entries.items() for line in entry.claims]
    return sorted(lines, key=lambda each: order.index(each[1].outcome))


def _read(path: Path) -> OverviewEntry:
    try:
        return OverviewEntry.model_validate_json(read_bounded(path, MOST_BYTES))
    except (OSError, ValidationError):
        return OverviewEntry()
