"""How numbers read in a report: one place decides on digits, signs and units."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ablations.analysis.infer.divergence import Divergence
from ablations.analysis.infer.intervals import Interval
from ablations.study.metrics import Metric
from ablations.study.scores import PERCENT

NOTHING = "–"
"""Stands where there is no number."""


def number(value: float | None, significant: int = 4) -> str:
    """Show a number to ``significant`` digits, without an exponent where it stays readable."""
    if value is None:
        return NOTHING
    if value == 0:
        return "0"
    if not 1e-3 <= abs(value) < 1e6:
        return f"{value:.{significant - 1}e}"
    decimals = max(0, significant - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{decimals}f}"


def count(value: int | float | None) -> str:
    """Show a whole number with thousands set apart."""
    return NOTHING if value is None else f"{value:,.0f}"


def measured(metric: Metric, value: float | None) -> str:
    """Show a value of ``metric``: a percentage with two decimals, or a plain number."""
    if value is None:
        return NOTHING
    if metric.percent:
        return f"{100 * value:.2f}%"
    return _in_unit(metric, value) + (PERCENT if metric.unit == PERCENT else "")


def _in_unit(metric: Metric, value: float) -> str:
    """Give losses and percentages the same decimals down a column where their size allows."""
    if metric.unit == PERCENT:
        return f"{value:.2f}"
    if metric.unit == "nats" and 1e-3 <= abs(value) < 1e3:
        return f"{value:.4f}"
    return number(value)


def spread(metric: Metric, value: float | None) -> str:
    """Show a standard deviation of ``metric``; that of a percentage is in points."""
    if value is None:
        return NOTHING
    return f"{100 * value:.2f}" if metric.percent else _in_unit(metric, value)


def difference(metric: Metric, value: float | None) -> str:
    """Show a signed difference of ``metric``; that of percentages is in points."""
    if value is None:
        return NOTHING
    text = f"{100 * value:+.2f}"
    if not metric.percent:
        text = f"{'+' if value > 0 else ''}{_in_unit(metric, value)}"
    return "0.00" if text in ("+0.00", "-0.00") else text.replace("-", "−", 1)


def difference_unit(metric: Metric) -> str:
    """Return the unit of a difference of ``metric``."""
    return "points" if metric.percent or metric.unit == PERCENT else metric.unit


def titled(metric: Metric) -> str:
    """Return the metric's label with its unit."""
    return in_unit(metric.label, metric.unit)


def in_unit(label: str, unit: str) -> str:
    """Return a label with its unit behind it, where it has one."""
    return f"{label} ({unit})" if unit else label


def seed_ranges(seeds: Sequence[int]) -> str:
    """Show seeds in order, runs of three or more as a range: ``0–4, 7, 9``."""
    parts: list[str] = []
    ordered = sorted(seeds)
    start = 0
    for position in range(1, len(ordered) + 1):
        if position < len(ordered) and ordered[position] == ordered[position - 1] + 1:
            continue
        block = ordered[start:position]
        apart = [str(seed) for seed in block]
        parts += [f"{block[0]}–{block[-1]}"] if len(block) > 2 else apart
        start = position
    return ", ".join(parts)


def plural(quantity: int, noun: str) -> str:
    """Return ``1 run`` or ``2 runs``."""
    return f"{quantity:,} {noun}{'' if quantity == 1 else 's'}"


def probability(p: float | None) -> str:
    """Show a p-value; what rounds to less than 0.001 is said to be."""
    if p is None:
        return NOTHING
    return "<0.001" if p < 0.0005 else f"{p:.3f}"


def share(value: float | None) -> str:
    """Show a share of seeds as a whole percentage."""
    return NOTHING if value is None else f"{100 * value:.0f}%"


def interval(metric: Metric, ends: Interval | None) -> str:
    """Show an interval of a difference of ``metric``: ``+0.81 to +1.63``."""
    if ends is None:
        return NOTHING
    return f"{difference(metric, ends.low)} to {difference(metric, ends.high)}"


def magnitude(metric: Metric, value: float) -> str:
    """Show the size of a difference of ``metric`` with its unit: ``1.22 points``."""
    return f"{difference(metric, abs(value)).lstrip('+')} {difference_unit(metric)}".strip()


def diverged(divergence: Divergence) -> str:
    """Show diverged runs: ``3/8 diverged``; ``0`` where none did."""
    if not divergence.runs:
        return NOTHING
    return f"{divergence.diverged}/{divergence.runs} diverged" if divergence.diverged else "0"


def diverged_share(divergence: Divergence) -> str:
    """Show a share with Wilson's interval: ``3/8 (Wilson 14% to 69%)``."""
    ends = divergence.interval
    if ends is None:
        return "no runs"
    share = f"{divergence.diverged}/{divergence.runs}"
    return f"{share} (Wilson {100 * ends.low:.0f}% to {100 * ends.high:.0f}%)"


def listed(names: Sequence[str], most: int) -> str:
    """Join names: ``a, b and c``; those beyond ``most`` are counted: ``a, b and 3 more``."""
    shown = list(names) if len(names) <= most else [*names[:most], f"{len(names) - most} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
