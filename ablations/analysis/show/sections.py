"""The tables of a report about its arms, as text."""

from __future__ import annotations

from collections.abc import Sequence

from ablations.analysis.infer.arms import ArmRow, beside_the_score
from ablations.analysis.infer.statistics import Summary
from ablations.analysis.infer.verdicts import Finding
from ablations.analysis.read.left_out import LeftOut
from ablations.analysis.show import formats
from ablations.analysis.show.answer import too_few
from ablations.analysis.show.text_tables import Cell, Column, Table, text_table
from ablations.study.metrics import METRICS, Metric
from ablations.study.schema import Study
from ablations.study.settings import differences, short

VERDICT_ORDER = ("better", "equivalent", "inconclusive", "none", "worse", "unstable")


def verdict_table(rows: Sequence[ArmRow], study: Study) -> Table:
    """Return the verdicts: one arm a row, the control marked."""
    metric = METRICS[study.metric]
    unit = formats.difference_unit(metric)
    in_unit = f" ({unit})" if unit else ""
    columns = (
        Column("arm"),
        Column("verdict"),
        *(
            Column(title, numeric=True)
            for title in (
                f"{metric.label}, mean",
                f"effect{in_unit}",
                "95% interval",
                "corrected p",
                "n",
                "diverged",
                "parameters",
                "updates",
                "training (s)",
            )
        ),
    )
    return Table(columns, tuple(_verdict_row(row, metric, len(study.seeds)) for row in rows))


def _verdict_row(row: ArmRow, metric: Metric, seeds: int) -> tuple[Cell, ...]:
    return (
        arm_cell(row),
        Cell("control", -1.0) if row.finding is None else verdict_cell(row.finding, row.is_copy),
        _mean_cell(row.score, row.runs, metric),
        *effect_cells(row.finding, metric, seeds),
        Cell(formats.shares(row.diverged), row.diverged.diverged),
        Cell(formats.count(row.parameters), row.parameters),
        Cell(formats.count(row.updates), row.updates),
        Cell(formats.number(row.train_seconds, 3), row.train_seconds),
    )


def arm_cell(row: ArmRow) -> Cell:
    """Return the arm's name, the control marked."""
    return Cell(f"{row.arm} (control)", look="control") if row.is_control else Cell(row.arm)


def verdict_cell(finding: Finding, is_copy: bool = False) -> Cell:
    """Return the verdict in words."""
    order = float(VERDICT_ORDER.index(finding.verdict))
    return Cell(verdict_words(finding, is_copy), order, look=finding.verdict)


def verdict_words(finding: Finding, is_copy: bool = False) -> str:
    """Return the verdict in words; of an A/A arm, what it says of the comparison itself."""
    if is_copy and finding.verdict == "equivalent":
        return "no difference (a copy of the control)"
    if is_copy and finding.verdict in ("better", "worse"):
        return f"{finding.verdict}, though a copy of the control: a false alarm"
    if finding.verdict == "none":
        return f"no verdict ({'too few pairs' if finding.effect else 'no pairs'})"
    words = {"equivalent": "equivalent", "inconclusive": "inconclusive", "unstable": "unstable"}
    return words.get(finding.verdict, f"{finding.verdict} {finding.size}".strip())


def _mean_cell(summary: Summary, runs: int, metric: Metric) -> Cell:
    shown = formats.measured(metric, summary.mean)
    if summary.mean is not None and summary.n < runs:
        shown += f" ({summary.n} of {runs})"  # a mean over survivors never stands alone
    return Cell(shown, summary.mean)


def effect_cells(finding: Finding | None, metric: Metric, seeds: int) -> tuple[Cell, ...]:
    """Return effect, interval, corrected p and n; dashes for the control."""
    found = finding.effect if finding else None
    if finding is None or found is None:
        return 3 * (Cell(formats.NOTHING),) + (Cell("0" if finding else formats.NOTHING),)
    p = None if finding.too_few_pairs else finding.corrected_p
    n = str(found.n) if found.n >= seeds else f"{found.n} of {seeds}"
    low = found.interval.low if found.interval else None
    return (
        Cell(formats.difference(metric, found.mean), found.mean),
        Cell(formats.interval(metric, found.interval), low),
        Cell(formats.probability(p), p),
        Cell(n, found.n),
    )


def verdict_notes(rows: Sequence[ArmRow], study: Study) -> tuple[str, ...]:
    """Return how to read the verdicts, and what the table has no room for."""
    metric = METRICS[study.metric]
    found = {row.arm: row.finding for row in rows if row.finding}
    notes = [how_to_read(len(found), metric, study.margin)]
    notes += finding_notes(found, metric)
    control = next((row for row in rows if row.is_control), None)
    for row in rows:
        if row.finding and row.finding.verdict == "unstable" and control:
            rates = map(formats.share_interval, (row.diverged, control.diverged))
            notes.append(f"Diverged: {row.arm} {next(rates)}, control {next(rates)}.")
    return tuple(notes)


def how_to_read(comparisons: int, metric: Metric, margin: float) -> str:
    """Return what effect, interval, p and margin are."""
    text = (
        "Effect: the mean of arm minus control over the n seeds that completed in both, with "
        "Student's 95% interval. p: two-sided sign-flip test"
    )
    if comparisons > 1:
        text += f", corrected by Holm for {comparisons} comparisons"
    if margin > 0:
        size = formats.magnitude(metric, margin)
        text += f". A difference matters from {size} on (the study's margin)"
    else:
        text += ". The study states no margin, so no arm can be shown to be equivalent"
    better = "higher" if metric.better == "higher" else "lower"
    return f"{text}. Better is {better}."


def finding_notes(found: dict[str, Finding], metric: Metric) -> list[str]:
    """Return notes on pairs that are too few, and on bootstraps that disagree."""
    notes = []
    few: dict[tuple[int, int], list[str]] = {}
    for name, one in found.items():
        if one.effect and one.too_few_pairs and not one.same_at_every_seed:
            few.setdefault((one.effect.n, one.comparisons), []).append(name)
    for (pairs, comparisons), names in sorted(few.items()):
        notes.append(f"No p for {formats.listed(names, 6)}: {too_few(pairs, comparisons)}.")
    for name, one in found.items():
        checked = one.bootstrap
        if checked:
            notes.append(
                f"The bootstrap (BCa) interval of {name} disagrees with Student's: "
                f"{formats.interval(metric, checked)}."
            )
    return notes


def metrics_table(rows: Sequence[ArmRow], study: Study) -> Table:
    """Return mean and spread of the study's metric, and the means of the others."""
    metric = METRICS[study.metric]
    unit = formats.difference_unit(metric)
    beside = beside_the_score(study.metric)
    titles = (
        f"{metric.label}, mean",
        f"sd ({unit})" if unit else "sd",
        "completed",
        *(formats.titled(METRICS[name]) for name in beside),
    )
    lines = tuple(
        (
            arm_cell(row),
            _mean_cell(row.score, row.runs, metric),
            Cell(
                formats.spread(metric, row.score.standard_deviation), row.score.standard_deviation
            ),
            Cell(f"{row.completed} of {row.runs}", row.completed),
            *(_mean_cell(row.beside[name], row.runs, METRICS[name]) for name in beside),
        )
        for row in rows
    )
    return Table((Column("arm"), *(Column(title, numeric=True) for title in titles)), lines)


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
