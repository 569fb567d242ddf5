"""The content of one study's report, before it becomes Markdown, HTML or LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ablations.analysis.infer.inference import Analysis, analyse
from ablations.analysis.infer.targets import reaches, target
from ablations.analysis.read.collect import Collected
from ablations.analysis.show.answer import answer_sentences
from ablations.analysis.show.claims import claims_notes, claims_sentence, claims_table
from ablations.analysis.show.curve_figures import curve_drawings
from ablations.analysis.show.effect_tables import (
    factorial_notes,
    factorial_sentences,
    factorial_table,
    target_note,
    target_table,
)
from ablations.analysis.show.fairness import Fairness, fairness
from ablations.analysis.show.forest_figure import forest_drawing
from ablations.analysis.show.formats import plural, seed_ranges
from ablations.analysis.show.plot_style import Drawing
from ablations.analysis.show.reproduction import commands, environment_table, overrides_table
from ablations.analysis.show.sections import (
    differences_table,
    left_out_table,
    metrics_table,
    verdict_notes,
    verdict_table,
)
from ablations.analysis.show.seed_figure import seed_drawing
from ablations.analysis.show.text_tables import Table

_METRICS_NOTE = (
    "Means and standard deviations (sd, of the sample) over completed runs. Parameters and updates "
    "are per run; training time is the median."
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
class Section:
    """A table with its heading, and the paragraphs that say how to read it."""

    title: str
    table: Table
    notes: tuple[str, ...] = ()
    sortable: bool = False


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
    answer: tuple[str, ...]
    """Sentences."""
    fairness: Fairness
    verdicts: Section
    drawings: tuple[Drawing, ...]
    sections: tuple[Section, ...]
    """Claims, factorial effects, tuning, time to the target, other metrics, what each arm changes:
    those that the study has."""
    left_out: Table | None
    left_out_lines: tuple[str, ...]
    """The same as plain lines, for a shell."""
    environment: Table | None
    overrides: Table | None
    commands: tuple[str, ...]


def build_page(collected: Collected) -> Page:
    """Return the content of the report of one study."""
    study = collected.study
    found = analyse(collected)
    fair = fairness(collected)
    notes = (fair.text, *verdict_notes(found.rows, study))
    return Page(
        study=collected.name,
        question=" ".join(study.question.split()),
        description=_paragraphs(study.description),
        runs=_runs(collected),
        notices=(*_notices(collected), *fair.warnings),
        answer=_answer(found),
        fairness=fair,
        verdicts=Section("Verdicts", verdict_table(found.rows, study), notes, sortable=True),
        drawings=_drawings(found),
        sections=tuple(_sections(found, fair)),
        left_out=left_out_table(collected.left_out) if collected.left_out else None,
        left_out_lines=_left_out_lines(collected),
        environment=environment_table(collected),
        overrides=overrides_table(study),
        commands=commands(collected.name, study),
    )


def _answer(found: Analysis) -> tuple[str, ...]:
    """Return the answer; that of a factorial design is about its factors, not its cells."""
    study = found.collected.study
    about_factors = factorial_sentences(found.effects, study) if found.effects else ()
    about_claims = (claims_sentence(found.claims),) if found.claims else ()
    return (*(about_factors or answer_sentences(found.collected, found.rows)), *about_claims)


def _drawings(found: Analysis) -> tuple[Drawing, ...]:
    study = found.collected.study
    drawn = (
        forest_drawing(found.rows, study),
        seed_drawing(found.collected, found.rows),
        *curve_drawings(found.histories, study.control),
    )
    return tuple(drawing for drawing in drawn if drawing)


def _sections(found: Analysis, fair: Fairness) -> Iterator[Section]:
    study, claims, effects = found.collected.study, found.claims, found.effects
    if claims:
        yield Section("Claims", claims_table(claims, study), claims_notes(claims))
    if effects:
        notes = factorial_notes(effects, study)
        yield Section("Factorial effects", factorial_table(effects, study), notes)
    for title, table in fair.tables:
        yield Section(title, table)
    goal = target(found.collected, found.histories)
    if goal:
        lines = reaches(found.collected, found.histories, goal)
        table = target_table(lines, study.control)
        yield Section("Time to a target", table, (target_note(goal),), sortable=True)
    if any(row.runs for row in found.rows):
        table = metrics_table(found.rows, study)
        yield Section("Other metrics", table, (_METRICS_NOTE,), sortable=True)
    changes = differences_table(study)
    if changes:
        yield Section("What each arm changes", changes)


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


def _left_out_lines(collected: Collected) -> tuple[str, ...]:
    lines = []
    for entry in collected.left_out:
        seeds = f" seed {seed_ranges(entry.seeds)}" if entry.seeds else ""
        lines.append(f"{entry.kind}: {entry.arm}{seeds}: {entry.reason}")
    return tuple(lines)
