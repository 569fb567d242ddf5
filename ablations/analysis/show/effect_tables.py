"""Factorial effects and the time to a target, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ablations.analysis.infer.factorial import Factorial, Term
from ablations.analysis.infer.targets import Reach, Target
from ablations.analysis.infer.verdicts import Finding
from ablations.analysis.show import formats
from ablations.analysis.show.answer import sized
from ablations.analysis.show.sections import effect_cells, finding_notes, verdict_words
from ablations.analysis.show.text_tables import Cell, Column, Table
from ablations.study.metrics import METRICS
from ablations.study.schema import Study


def factorial_table(found: Factorial, study: Study) -> Table:
    """Return main effects, then interactions: a contrast a row."""
    metric = METRICS[study.metric]
    unit = formats.difference_unit(metric)
    columns = (
        Column("contrast"),
        Column("kind"),
        Column("verdict"),
        Column(f"effect ({unit})" if unit else "effect", numeric=True),
        *(Column(title, numeric=True) for title in ("95% interval", "corrected p", "n")),
    )
    rows = (
        (
            Cell(term_name(term, found.references)),
            Cell("main effect" if len(term.levels) == 1 else "interaction"),
            Cell(_words(term, finding), look=finding.verdict),
            *effect_cells(finding, metric, len(study.seeds)),
        )
        for term, finding in found.findings.items()
    )
    return Table(columns, tuple(rows))


def term_name(term: Term, references: Mapping[str, str]) -> str:
    """Return ``activation elu (against sigmoid)``, or two levels joined by ×."""
    if len(term.levels) == 1:
        ((path, label),) = term.levels
        return f"{_short(path)} {label} (against {references[path]})"
    return " × ".join(f"{_short(path)} {label}" for path, label in term.levels)


def _short(path: str) -> str:
    return path.rsplit(".", 1)[-1]


def _words(term: Term, finding: Finding) -> str:
    if len(term.levels) == 1 or finding.verdict not in ("better", "worse"):
        return verdict_words(finding)
    more = "together better" if finding.verdict == "better" else "together worse"
    return f"{more} than the sum of both {finding.size}".strip()


def factorial_notes(found: Factorial, study: Study) -> tuple[str, ...]:
    """Return what the contrasts are, and what they lack."""
    metric = METRICS[study.metric]
    notes = [
        "A main effect is the metric at a level minus that at the factor's first level, averaged "
        "over all levels of the other factors. An interaction is how much the one's effect grows "
        "when the other is there: a difference of differences, averaged over the rest. Each seed "
        f"gives one number; p is corrected by Holm for all {len(found.findings)} contrasts. "
        "Interactions of three or more factors are not tested."
    ]
    names = {term_name(term, found.references): one for term, one in found.findings.items()}
    notes += finding_notes(names, metric)
    if found.incomplete:
        missing = formats.listed(list(found.incomplete), 6)
        notes.append(
            f"A seed counts where every cell completed: {found.seeds} of {len(study.seeds)} do. "
            f"Cells that lack some: {missing}."
        )
    return tuple(notes)


def factorial_sentences(found: Factorial, study: Study) -> tuple[str, ...]:
    """Return the answer of a factorial design; nothing where no contrast has a verdict."""
    if all(finding.verdict == "none" for finding in found.findings.values()):
        return ()
    metric = METRICS[study.metric]
    said: dict[str, list[str]] = {}
    for term, finding in found.findings.items():
        size = f" {sized(finding.effect, metric)}" if finding.effect else ""
        name = term_name(term, found.references)
        if finding.verdict == "equivalent":
            said.setdefault("No difference that matters", []).append(name)
        elif finding.verdict not in ("better", "worse"):
            said.setdefault("Not settled", []).append(name)
        elif len(term.levels) == 1:
            title = f"Averaged over the other factors, {finding.verdict}"
            said.setdefault(title, []).append(name + size)
        else:
            title = f"Together {finding.verdict} than the sum of both"
            said.setdefault(title, []).append(name + size)
    return tuple(f"{title}: {formats.listed(names, 4)}." for title, names in said.items())


def target_table(found: Sequence[Reach], control: str) -> Table:
    """Return how soon each arm reaches the target, and how many of its runs do."""
    columns = (
        Column("arm"),
        Column("runs that reach it", numeric=True),
        Column("epochs, median", numeric=True),
        Column("updates, median", numeric=True),
    )
    rows = (
        (
            Cell(f"{one.arm} (control)", look="control") if one.arm == control else Cell(one.arm),
            Cell(f"{one.reached}/{one.runs}", one.reached / one.runs if one.runs else None),
            Cell(f"{one.epochs:g}" if one.epochs else _never(one), one.epochs),
            Cell(formats.count(one.updates), one.updates),
        )
        for one in found
    )
    return Table(columns, tuple(rows))


def _never(one: Reach) -> str:
    return "not by half" if one.runs else formats.NOTHING


def target_note(goal: Target) -> str:
    """Return what the target is, and what the medians count."""
    origin = "the study's target" if goal.stated else "a point below where the control's mean ends"
    return (
        f"The first epoch with a validation accuracy of {100 * goal.value:.2f}% or more, {origin}. "
        "The median is over all runs; one that never gets there, or diverged, counts as later than "
        "all that do."
    )
