"""How numbers read in a report: one place decides on digits, signs and units."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from ablations.analysis.infer.divergence import Divergence
from ablations.analysis.infer.intervals import Interval
from ablations.study.metrics import Metric
from ablations.study.scores import PERCENT

NOTHING = "–"
"""Stands where there is no number."""
MINUS = "−"
SHOWN_AS_LESS = 0.0005
"""A p below is shown as less than 0.001."""
DIGITS_OF_HALF_WIDTH, MOST_DIGITS = 2, 6
ROUNDING = 1e-9
"""Share of an effect below which the width of its interval is that of binary digits."""


def number(value: float | None, significant: int = 4) -> str:
    """Show a number to ``significant`` digits, without an exponent where it stays readable."""
    if value is None:
        return NOTHING
    if value == 0:
        return "0"
    if not 1e-3 <= abs(value) < 1e6:
        return f"{value:.{significant - 1}e}".replace("-", MINUS)
    rounded = float(f"{value:.{significant - 1}e}")  # 0.99999 is 1.000, as 1.00001 is
    decimals = max(0, significant - 1 - math.floor(math.log10(abs(rounded))))
    return f"{value:,.{decimals}f}".replace("-", MINUS)


def decimals_of(metric: Metric, ends: Interval | None) -> int | None:
    """Return the decimals of a difference, its interval and the means behind it.

    Half the interval's width has two significant digits; below zero, so many places before the
    point are rounded.  None without a width.  The ends have at most six significant digits.
    """
    if ends is None:
        return None
    scale = 100 if metric.percent else 1
    half = scale * (ends.high / 2 - ends.low / 2)
    largest = scale * max(abs(ends.low), abs(ends.high))
    if half <= ROUNDING * largest or not math.isfinite(largest):
        return None
    decimals = DIGITS_OF_HALF_WIDTH - 1 - math.floor(math.log10(half))
    return min(decimals, MOST_DIGITS - 1 - math.floor(math.log10(largest)))


def _rounded(value: float, decimals: int) -> str:
    """Show a number to so many decimals, in powers of ten where zeros would hide it."""
    rounded = round(value, decimals)
    size = abs(rounded)
    if size and ((size < 1e-3 and decimals > MOST_DIGITS) or (size >= 1e6 and decimals < 0)):
        power = int(f"{rounded:e}".partition("e")[2])
        return f"{rounded:.{decimals + power}e}".replace("-", MINUS)
    if not size and decimals > MOST_DIGITS:
        return "0"
    return f"{rounded if size else 0.0:,.{max(0, decimals)}f}".replace("-", MINUS)


def count(value: int | float | None) -> str:
    """Show a whole number with thousands set apart."""
    return NOTHING if value is None else f"{value:,.0f}"


def measured(metric: Metric, value: float | None, decimals: int | None = None) -> str:
    """Show a value of ``metric``: a percentage with two decimals, or a plain number.

    A mean beside an effect has the ``decimals`` of that.
    """
    if value is None:
        return NOTHING
    if decimals is not None:
        shown = _rounded(100 * value if metric.percent else value, decimals)
    else:
        shown = f"{100 * value:.2f}" if metric.percent else _in_unit(metric, value)
    sign = PERCENT if metric.percent or metric.unit == PERCENT else ""
    return shown.replace("-", MINUS) + sign


def _in_unit(metric: Metric, value: float) -> str:
    """Give losses and percentages the same decimals down a column where their size allows."""
    if metric.unit == PERCENT:
        return f"{value:.2f}"
    if metric.unit == "nats" and 1e-3 <= abs(value) < 1e3:
        return f"{value:.4f}".replace("-", MINUS)
    return number(value)


def spread(metric: Metric, value: float | None) -> str:
    """Show a standard deviation of ``metric``; that of a percentage is in points."""
    if value is None:
        return NOTHING
    return f"{100 * value:.2f}" if metric.percent else _in_unit(metric, value)


def difference(metric: Metric, value: float | None, decimals: int | None = None) -> str:
    """Show a signed difference of ``metric``; that of percentages is in points.

    ``decimals`` are those of its interval (``decimals_of``).
    """
    if value is None:
        return NOTHING
    if decimals is not None:
        text = _rounded(100 * value if metric.percent else value, decimals)
    else:
        text = f"{100 * value:.2f}" if metric.percent else _in_unit(metric, value)
    text = text.replace("-", MINUS)
    if not re.search("[1-9]", text.partition("e")[0]):
        return text.lstrip(MINUS)
    return text if text.startswith(MINUS) else f"+{text}"


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
    return "<0.001" if p < SHOWN_AS_LESS else f"{p:.3f}"


def share(value: float | None) -> str:
    """Show a share of seeds as a whole percentage."""
    return NOTHING if value is None else f"{100 * value:.0f}%"


def interval(metric: Metric, ends: Interval | None, decimals: int | None = None) -> str:
    """Show an interval of a difference of ``metric``: ``+0.81 to +1.63``.

    It has the ``decimals`` of the effect that it stands beside, or those of its own width.
    """
    if ends is None:
        return NOTHING
    decimals = decimals_of(metric, ends) if decimals is None else decimals
    return " to ".join(difference(metric, end, decimals) for end in (ends.low, ends.high))


def magnitude(metric: Metric, value: float, decimals: int | None = None) -> str:
    """Show the size of a difference of ``metric`` with its unit: ``1.22 points``."""
    size = difference(metric, abs(value), decimals).lstrip("+")
    return f"{size} {difference_unit(metric)}".strip()


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
