"""The tables of a report as text, ready to be escaped for Markdown, HTML or LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablations.analysis import formats
from ablations.analysis.collect import LeftOut
from ablations.analysis.tables import ArmRow, ClaimRow, Summary, beside_the_score
from ablations.study.metrics import METRICS
from ablations.study.schema import Study
from ablations.study.settings import differences, short

NOT_YET_TESTED = "not yet tested"


@dataclass(frozen=True)
class Column:
    """A column's heading, and whether its cells are numbers."""

    title: str
    numeric: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell's text, and the number to sort it by where it shows one."""

    text: str
    order: float | None = None


@dataclass(frozen=True)
class Table:
    """A table of text."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def text_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table without numbers."""
    cells = (tuple(Cell(text) for text in row) for row in rows)
    return Table(tuple(Column(title) for title in titles), tuple(cells))


def results_table(rows: Sequence[ArmRow], metric_name: str) -> Table:
    """Return the results: one arm a row, the control marked."""
    metric = METRICS[metric_name]
    unit = formats.difference_unit(metric)
    in_unit = f" ({unit})" if unit else ""
    beside = beside_the_score(metric_name)
    titles = (
        f"{metric.label}, mean",
        f"sd{in_unit}",
        "completed",
        "diverged",
        f"difference to control{in_unit}",
        "pairs",
        *(METRICS[name].label for name in beside),
        "parameters",
        "updates",
        "training (s)",
        "inference (µs/sample)",
    )
    columns = (Column("arm"), *(Column(title, numeric=True) for title in titles))
    return Table(columns, tuple(_results_row(row, metric_name, beside) for row in rows))


def _results_row(row: ArmRow, metric_name: str, beside: Sequence[str]) -> tuple[Cell, ...]:
    metric = METRICS[metric_name]
    score = row.score
    shown = formats.measured(metric, score.mean)
    if score.mean is not None and score.n < row.runs:
        shown += f" ({score.n} of {row.runs})"  # a mean over survivors never stands alone
    inference = row.means["inference_microseconds_per_sample"]
    return (
        Cell(f"{row.arm} (control)" if row.is_control else row.arm),
        Cell(shown, score.mean),
        Cell(formats.spread(metric, score.standard_deviation), score.standard_deviation),
        Cell(f"{row.completed} of {row.runs}", row.completed),
        Cell(f"{row.diverged}/{row.runs} diverged" if row.diverged else "0", row.diverged),
        Cell(formats.difference(metric, row.difference), row.difference),
        Cell(formats.NOTHING if row.is_control else str(row.pairs), row.pairs),
        *(Cell(formats.measured(METRICS[n], row.means[n]), row.means[n]) for n in beside),
        Cell(formats.count(row.parameters), row.parameters),
        Cell(formats.count(row.updates), row.updates),
        Cell(formats.number(row.train_seconds, 3), row.train_seconds),
        Cell(formats.number(inference, 3), inference),
    )


def claims_table(rows: Sequence[ClaimRow], arms: Sequence[str]) -> Table:
    """Return the claims with the figures of their two arms."""
    titles = ("claim", "on", "said to be better", "than", "status", "source")
    lines = []
    for row in rows:
        claim = row.claim
        better, than = (
            _figures(arm, summary, runs, claim.on, arm in arms)
            for arm, summary, runs in (
                (claim.better, row.better, row.better_runs),
                (claim.than, row.than, row.than_runs),
            )
        )
        text = claim.text or f"{claim.better} beats {claim.than}"
        label = METRICS[claim.on].label
        lines.append((text, label, better, than, NOT_YET_TESTED, claim.source))
    return text_table(titles, lines)


def _figures(arm: str, summary: Summary, runs: int, metric_name: str, known: bool) -> str:
    if not known:
        return f"{arm}: the study has no such arm"
    if summary.mean is None:
        return f"{arm}: no completed run"
    metric = METRICS[metric_name]
    deviation = summary.standard_deviation
    around = "" if deviation is None else f" ± {formats.spread(metric, deviation)}"
    n = f"n = {summary.n}" + (f" of {runs} runs completed" if summary.n < runs else "")
    return f"{arm}: {formats.measured(metric, summary.mean)}{around} ({n})"


def differences_table(study: Study) -> Table | None:
    """Return every arm's settings that differ from the control's; None without a control."""
    if study.control not in study.arm_names:
        return None
    control = study.arm(study.control).recipe.science()
    rows = []
    for arm in study.arms:
        if arm.name == study.control:
            continue
        found = differences(control, arm.recipe.science())
        lines = [(path, short(one), short(other)) for path, (one, other) in found.items()]
        lines = lines or [("nothing: a copy of the control", formats.NOTHING, formats.NOTHING)]
        rows += [(arm.name, *line) for line in lines]
    return text_table(("arm", "setting", f"control ({study.control})", "this arm"), rows)


def left_out_table(entries: Sequence[LeftOut]) -> Table:
    """Return what the numbers leave out, and why."""
    rows = [
        (entry.kind, entry.arm, formats.seed_ranges(entry.seeds) or formats.NOTHING, entry.reason)
        for entry in entries
    ]
    return text_table(("what", "arm", "seeds", "why"), rows)
