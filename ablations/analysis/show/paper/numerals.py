"""How numbers read in a paper: the same decimals down a column, and LaTeX's minus."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.intervals import Interval
from ablations.analysis.infer.summary import Summary
from ablations.study.metrics import Metric
from ablations.study.scores import PERCENT

NOTHING = "--"
"""Stands where there is no number."""
DIGITS_OF_DEVIATION = 2
PERCENT_DECIMALS, MOST_DECIMALS = 2, 6
MOST_BEFORE_POWERS = 1e7


@dataclass(frozen=True)
class Scale:
    """How all values of one metric are written."""

    metric: Metric
    decimals: int | None
    """None writes powers of ten: values are too small or too large for anything else."""

    @property
    def unit(self) -> str:
        """Of a value."""
        return PERCENT if self.metric.percent else self.metric.unit

    @property
    def difference_unit(self) -> str:
        """Of a difference of two values."""
        return "points" if self.unit == PERCENT else self.metric.unit

    def value(self, value: float | None) -> str:
        """Write a value, without its unit."""
        return NOTHING if value is None else latex_number(self._plain(value))

    def difference(self, value: float | None) -> str:
        """Write a difference of values, with its sign unless it rounds to zero."""
        if value is None:
            return NOTHING
        text = self._plain(value)
        return latex_number(text if value < 0 or not re.search("[1-9]", text) else f"+{text}")

    def ends(self, interval: Interval | None) -> tuple[str, str]:
        """Write the ends of an interval of differences, which need no plus."""
        if interval is None:
            return NOTHING, NOTHING
        return self.value(interval.low), self.value(interval.high)

    def interval(self, interval: Interval | None) -> str:
        """Write an interval: ``[0.81, 1.63]``."""
        return f"[{', '.join(self.ends(interval))}]" if interval else NOTHING

    def _plain(self, value: float) -> str:
        scaled = 100 * value if self.metric.percent else value
        if self.decimals is None:
            return f"{scaled:.{DIGITS_OF_DEVIATION}e}"
        text = f"{scaled:,.{self.decimals}f}"
        return text if re.search("[1-9]", text) else text.removeprefix("-")


def scale_of(inference: Inference, name: str) -> Scale:
    """Return the scale of a metric of a study: its typical deviation has two digits."""
    metric = inference.metric_named(name)
    summaries = [arm.metrics[name] for arm in inference.arms]
    return Scale(metric, _decimals(metric, summaries))


def _decimals(metric: Metric, summaries: Iterable[Summary]) -> int | None:
    if metric.percent or metric.unit == PERCENT:
        return PERCENT_DECIMALS
    known = [summary for summary in summaries if summary.mean is not None]
    largest = max((abs(summary.mean or 0) for summary in known), default=0.0)
    deviations = [summary.standard_deviation or 0 for summary in known]
    typical = median([d for d in deviations if d > 0] or [largest / 100])
    if not typical:
        return PERCENT_DECIMALS
    decimals = max(0, DIGITS_OF_DEVIATION - 1 - math.floor(math.log10(typical)))
    return None if decimals > MOST_DECIMALS or largest >= MOST_BEFORE_POWERS else decimals


def latex_number(text: str) -> str:
    """Return a number as LaTeX that is right in text and in mathematics: digits as they are."""
    mantissa, _, exponent = text.partition("e")
    mantissa = re.sub("^[-+<]", lambda sign: _math(sign.group()), mantissa).replace(",", "{,}")
    if not exponent:
        return mantissa
    return mantissa + _math(rf"\times 10^{{{int(exponent)}}}")


def _math(symbol: str) -> str:
    return rf"\ensuremath{{{symbol}}}"


def probability(p: float | None) -> str:
    """Write a p-value; what rounds to less than 0.001 is said to be."""
    if p is None:
        return NOTHING
    return latex_number("<0.001" if p < 0.0005 else f"{p:.3f}")


def equation(symbol: str, p: float | None) -> str:
    """Write ``p = 0.012``, or ``p < 0.001``."""
    if p is None:
        return rf"\mbox{{{NOTHING}}}"
    return _math(f"{symbol}<0.001" if p < 0.0005 else f"{symbol}={p:.3f}")


def count(value: float | None) -> str:
    """Write a whole number with thousands set apart."""
    return NOTHING if value is None else latex_number(f"{value:,.0f}")


def share(value: float | None) -> str:
    """Write a share as a whole number of percent, without the sign."""
    return NOTHING if value is None else f"{100 * value:.0f}"


def seconds(value: float | None) -> str:
    """Write a time in seconds to three digits."""
    if value is None:
        return NOTHING
    decimals = max(0, 2 - math.floor(math.log10(value))) if value > 0 else 0
    return latex_number(f"{value:,.{min(decimals, 3)}f}")
