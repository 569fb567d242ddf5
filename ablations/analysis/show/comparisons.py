"""How a comparison reads: its cells in a table, its verdict in words, the notes that it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.summary import Summary
from ablations.analysis.infer.verdicts import Comparison
from ablations.analysis.show import formats
from ablations.analysis.show.blocks import Cell, Column, number_columns
from ablations.study.metrics import Metric

SORT_ORDER = ("better", "equivalent", "inconclusive", "none", "worse")
"""The verdicts as a click on the column's heading sorts them."""
SIZES = {
    "at_least_the_margin": " by at least the margin",
    "less_than_the_margin": " by less than the margin",
    None: "",
}


def arm_cell(arm: str, is_control: bool) -> Cell:
    """Return the arm's name, the control marked."""
    return Cell(f"{arm} (control)", style="control") if is_control else Cell(arm)


def mean_cell(summary: Summary, runs: int, metric: Metric, pairs: Collection[int] = ()) -> Cell:
    """Return a mean; one over fewer runs than count never stands alone.

    Nor does one over other runs than an effect beside it, which is over so many ``pairs``.
    """
    text = formats.measured(metric, summary.mean)
    if summary.mean is not None and summary.n < runs:
        text += f" ({summary.n} of {runs})"
    elif summary.mean is not None and any(n != summary.n for n in pairs):
        text += f" (n = {summary.n})"
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
        words = f"no verdict ({'too few pairs' if comparison.n else 'no pairs'})"
    else:
        words = f"{verdict}{SIZES[comparison.size]}"
    return f"{words}; unstable" if comparison.unstable else words


def effect_columns(metric: Metric) -> tuple[Column, ...]:
    """Return the headings of ``effect_cells``."""
    unit = formats.difference_unit(metric)
    effect = f"effect ({unit})" if unit else "effect"
    return number_columns(effect, "95% interval", "all at once", "corrected p", "n")


def effect_cells(comparison: Comparison | None, metric: Metric, seeds: int) -> tuple[Cell, ...]:
    """Return effect, its two intervals, corrected p and n; dashes for the control."""
    if comparison is None:
        return 5 * (Cell(formats.NOTHING),)
    if comparison.effect is None:
        return (*4 * (Cell(formats.NOTHING),), Cell("0"))
    p = None if comparison.too_few_pairs else comparison.p_corrected
    n = str(comparison.n) if comparison.n >= seeds else f"{comparison.n} of {seeds}"
    intervals = (comparison.interval, comparison.simultaneous)
    return (
        Cell(formats.difference(metric, comparison.effect), comparison.effect),
        *(Cell(formats.interval(metric, i), i.low if i else None) for i in intervals),
        Cell(formats.probability(p), p),
        Cell(n, comparison.n),
    )


def correction_words(comparison: Comparison) -> str:
    """Return how p is corrected for the family of a comparison; nothing where it is alone."""
    if comparison.comparisons == 1:
        return ""
    name = "step-down max-T" if comparison.correction == "max_t" else "Holm"
    return f", corrected by {name} for {comparison.comparisons} comparisons"


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


def too_few_pairs(comparison: Comparison) -> str:
    """Return why a comparison has too few seeds for any verdict, and how many would do."""
    holm = comparison.correction == "holm" and comparison.comparisons > 1
    family = f"among {comparison.comparisons} comparisons " if holm else ""
    return (
        f"with {formats.plural(comparison.n, 'paired seed')} no difference {family}can be told "
        f"from chance, however large; {comparison.pairs_needed} seeds would do"
    )


def comparison_notes(comparisons: Mapping[str, Comparison], metric: Metric) -> Iterator[str]:
    """Yield notes on pairs that are too few, and on survivors."""
    yield from _few_pairs(comparisons)
    yield from _survivors(comparisons, metric)


def _few_pairs(comparisons: Mapping[str, Comparison]) -> Iterator[str]:
    few: dict[str, list[str]] = {}
    for name, comparison in comparisons.items():
        if comparison.n and comparison.too_few_pairs:
            few.setdefault(too_few_pairs(comparison), []).append(name)
    for why, names in few.items():
        yield f"No p for {formats.listed(names, 6)}: {why}."


def settle_notes(comparisons: Mapping[str, Comparison], metric: Metric) -> Iterator[str]:
    """Yield what would settle each inconclusive comparison, the largest effect first."""
    lines = []
    for name, comparison in comparisons.items():
        if comparison.settle and comparison.effect is not None:
            more = comparison.settle.more_seeds
            found = formats.magnitude(metric, comparison.settle.detectable)
            seeds = "no feasible number" if more is None else f"{more:,} more seeds"
            lines.append((abs(comparison.effect), f"{name} {found}, {seeds}"))
    if lines:
        lines.sort(key=lambda line: -line[0])
        yield (
            "Not settled, the largest effect first, with the smallest effect that as many seeds "
            "find with 80% power, and about how many more the effect seen needs: "
            f"{'; '.join(line for _, line in lines)}."
        )


def _survivors(comparisons: Mapping[str, Comparison], metric: Metric) -> Iterator[str]:
    parts = []
    for name, comparison in comparisons.items():
        among = comparison.survivors
        if among and among.n:
            effect = formats.difference(metric, among.effect)
            around = f" ({formats.interval(metric, among.interval)})" if among.interval else ""
            parts.append(f"{name} {effect}{around}, n = {among.n}")
        elif among:
            parts.append(f"{name} none")
    if parts:
        yield f"Effect among survivors, the seeds that completed in both: {'; '.join(parts)}."
