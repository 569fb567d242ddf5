"""The content of one study's report, before it becomes Markdown, HTML or LaTeX."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ablations.analysis.collect import Collected
from ablations.analysis.curve_figures import curve_drawings
from ablations.analysis.formats import plural
from ablations.analysis.plot_style import Drawing
from ablations.analysis.reproduction import commands, environment_table, overrides_table
from ablations.analysis.sections import (
    Table,
    claims_table,
    differences_table,
    left_out_table,
    results_table,
)
from ablations.analysis.seed_figure import seed_drawing
from ablations.analysis.summary import summary_sentences
from ablations.analysis.tables import arm_rows, claim_rows

UNTUNED = "Untuned: the study itself searches no learning rate for its arms."
NO_VERDICTS = (
    "Verdicts from paired statistics are not part of this version. The results table describes "
    "the runs; it does not say which differences are more than chance."
)
_COUNTED = {
    "missing": "missing",
    "unfinished": "unfinished",
    "stale": "stale",
    "failed": "failed",
    "unreadable": "unreadable",
    "foreign": "foreign",
    "removed": "of arms no longer in the study",
    "incomplete": "without the study's metric",
}


@dataclass(frozen=True)
class Page:
    """Everything a report says, as plain text; the renderers escape it."""

    study: str
    question: str
    description: tuple[str, ...]
    """Paragraphs."""
    runs: str
    """How many runs there are, in words."""
    notices: tuple[str, ...]
    """What a reader must know before the numbers."""
    summary: tuple[str, ...]
    """Descriptive sentences."""
    results: Table
    results_notes: tuple[str, ...]
    verdicts: str
    """What stands in place of verdicts until they are built."""
    drawings: tuple[Drawing, ...]
    claims: Table | None
    differences: Table | None
    left_out: Table | None
    environment: Table | None
    overrides: Table | None
    commands: tuple[str, ...]


def build_page(collected: Collected) -> Page:
    """Return the content of the report of one study."""
    study = collected.study
    rows = arm_rows(collected)
    dots = seed_drawing(collected)
    return Page(
        study=collected.name,
        question=" ".join(study.question.split()),
        description=_paragraphs(study.description),
        runs=_runs(collected),
        notices=_notices(collected),
        summary=summary_sentences(collected, rows),
        results=results_table(rows, study.metric),
        results_notes=_results_notes(),
        verdicts=NO_VERDICTS,
        drawings=(*([dots] if dots else []), *curve_drawings(collected)),
        claims=claims_table(claim_rows(collected), study.arm_names) if study.claims else None,
        differences=differences_table(study),
        left_out=left_out_table(collected.left_out) if collected.left_out else None,
        environment=environment_table(collected),
        overrides=overrides_table(study),
        commands=commands(collected.name, study),
    )


def _paragraphs(text: str) -> tuple[str, ...]:
    blocks = (" ".join(block.split()) for block in re.split(r"\n\s*\n", text))
    return tuple(block for block in blocks if block)


def _runs(collected: Collected) -> str:
    study = collected.study
    counted = [run for run in collected.runs if run.counts]
    diverged = sum(run.result.status == "diverged" for run in counted)
    arms, seeds = plural(len(study.arms), "arm"), plural(len(study.seeds), "seed")
    found = f"{plural(len(counted), 'run')} in the report"
    return f"{arms}, {seeds}; {found}" + (f", {diverged} of them diverged" if diverged else "")


def _notices(collected: Collected) -> tuple[str, ...]:
    notices = []
    if collected.name != collected.study.study:
        notices.append(
            f'The directory "{collected.name}" holds the record of "{collected.study.study}".'
        )
    counts = _left_out_counts(collected)
    if counts:
        notices.append(f"Left out of the numbers: {', '.join(counts)}.")
    return tuple(notices)


def _left_out_counts(collected: Collected) -> Sequence[str]:
    totals: dict[str, int] = {}
    for entry in collected.left_out:
        totals[entry.kind] = totals.get(entry.kind, 0) + max(1, len(entry.seeds))
    return [
        f"{plural(totals[kind], 'run')} {_COUNTED[kind]}" for kind in _COUNTED if kind in totals
    ]


def _results_notes() -> tuple[str, ...]:
    return (
        UNTUNED,
        "Means and standard deviations (sd, of the sample) are over completed runs. The difference "
        "is the mean of arm minus control over the seeds that completed in both (pairs). "
        "Parameters and updates are per run; times are the median of training and the mean of "
        "inference.",
    )
