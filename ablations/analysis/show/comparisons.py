"""How a comparison reads: its cells in a table, its verdict in words, the notes that it needs."""

from __future__ import annotations

from collections.abc import Mapping

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.summary import Summary
from ablations.analysis.infer.verdicts import Comparison
from ablations.analysis.show import formats
from ablations.analysis.show.blocks import Cell
from ablations.study.metrics import Metric

SORT_ORDER = ("better", "equivalent", "inconclusive", "none", "worse", "unstable")
"""The verdicts as a click on the column's heading sorts them."""
SIZES = {
    "at_least_the_margin": " by at least the margin",
    "less_than_the_margin": " by less than the margin",
    None: "",
}


def arm_cell(arm: str, is_control: bool) -> Cell:
    """Return the arm's name, the control marked."""
    return Cell(f"{arm} (control)", style="control") if is_control else Cell(arm)


def mean_cell(summary: Summary, runs: int, metric: Metric) -> Cell:
    """Return a mean; one over fewer runs than count never stands alone."""
    text = formats.measured(metric, summary.mean)
    if summary.mean is not None and summary.n < runs:
        text += f" ({summary.n} of {runs})"
    return Cell(text, summary.mean)


def verdict_cell(arm: ArmSummary) -> Cell:
    """Return an arm's verdict in words."""
    comparison = arm.comparison
    if comparison is None:
        return Cell("control", -1.0)
    order = float(SORT_ORDER.index(comparison.verdict))
    return Cell(verdict_words(comparison, arm.is_copy), order, style=comparison.verdict)


def verdict_words(comparison: Comparison, is_copy: bool = False) -> str:
    """Return the verdict in words; of an A/A arm, what it says of the comparison itself."""
    verdict = comparison.verdict
    if is_copy and verdict == "equivalent":
        return "no difference (a copy of the control)"
    if is_copy and verdict in ("better", "worse"):
        return f"{verdict}, though a copy of the control: a false alarm"
    if verdict == "none":
        return f"no verdict ({'too few pairs' if comparison.n else 'no pairs'})"
    return f"{verdict}{SIZES[comparison.size]}"


def effect_cells(comparison: Comparison | None, metric: Metric, seeds: int) -> tuple[Cell, ...]:
    """Return effect, interval, corrected p and n; dashes for the control."""
    if comparison is None:
        return 4 * (Cell(formats.NOTHING),)
    if comparison.effect is None:
        return (*3 * (Cell(formats.NOTHING),), Cell("0"))
    p = None if comparison.too_few_pairs else comparison.p_corrected
    n = str(comparison.n) if comparison.n >= seeds else f"{comparison.n} of {seeds}"
    low = comparison.interval.low if comparison.interval else None
    return (
        Cell(formats.difference(metric, comparison.effect), comparison.effect),
        Cell(formats.interval(metric, comparison.interval), low),
        Cell(formats.probability(p), p),
        Cell(n, comparison.n),
    )


def effect_title(metric: Metric) -> str:
    """Return the heading of a column of effects, with their unit."""
    unit = formats.difference_unit(metric)
    return f"effect ({unit})" if unit else "effect"


def effect_size(comparison: Comparison, metric: Metric, label: str = "") -> str:
    """Return ``by 1.22 points (0.81 to 1.63)``; signed where the interval holds 0."""
    if comparison.effect is None:
        return ""
    around = formats.interval(metric, comparison.interval)
    interval = comparison.interval
    if interval and not interval.low <= 0 <= interval.high:
        ends = sorted((abs(interval.low), abs(interval.high)))
        around = " to ".join(formats.difference(metric, end).lstrip("+") for end in ends)
    return f"by {formats.magnitude(metric, comparison.effect)} ({label}{around})"


def too_few_pairs(pairs: int, comparisons: int, needed: int) -> str:
    """Return why ``pairs`` seeds are too few for a family of comparisons, and what would do."""
    family = f"among {comparisons} comparisons " if comparisons > 1 else ""
    return (
        f"with {formats.plural(pairs, 'paired seed')} no difference {family}can be told from "
        f"chance, however large; {needed} seeds would do"
    )


def comparison_notes(comparisons: Mapping[str, Comparison], metric: Metric) -> list[str]:
    """Return notes on pairs that are too few, and on bootstraps that disagree."""
    few: dict[tuple[int, int, int], list[str]] = {}
    for name, comparison in comparisons.items():
        if comparison.n and comparison.too_few_pairs and not comparison.same_at_every_seed:
            family = (comparison.n, comparison.comparisons, comparison.pairs_needed)
            few.setdefault(family, []).append(name)
    lines = [
        f"No p for {formats.listed(names, 6)}: {too_few_pairs(*family)}."
        for family, names in sorted(few.items())
    ]
    for name, comparison in comparisons.items():
        if comparison.bootstrap:
            lines.append(
                f"The bootstrap (BCa) interval of {name} disagrees with Student's: "
                f"{formats.interval(metric, comparison.bootstrap)}."
            )
    return lines
