"""Intervals: Student's for a mean, Wilson's for a share of runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from ablations.analysis.infer.summary import Summary


@dataclass(frozen=True)
class Interval:
    """A closed interval, in the unit of the values."""

    low: float
    high: float

    def scaled(self, factor: float) -> Interval:
        """Return the interval in another unit; ``factor`` > 0."""
        return Interval(factor * self.low, factor * self.high)


def student_interval(summary: Summary, level: float = 0.95) -> Interval | None:
    """Return Student's interval x̄ ± t₍ₙ₋₁, (1+level)/2₎ · s/√n for the mean; None where n < 2."""
    if summary.mean is None or summary.standard_deviation is None:
        return None
    quantile = t_quantile((1 + level) / 2, summary.n - 1)
    half = quantile * summary.standard_deviation / math.sqrt(summary.n)
    return Interval(summary.mean - half, summary.mean + half)


@lru_cache(maxsize=256)  # a curve asks for the same one at every epoch
def t_quantile(probability: float, degrees_of_freedom: float) -> float:
    """Return Student's t at a probability."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, probability))


def wilson_interval(count: int, total: int, level: float = 0.95) -> Interval:
    """Return Wilson's (1927) interval of a share, in [0, 1]; wants total ≥ 1."""
    import scipy.stats

    interval = scipy.stats.binomtest(count, total).proportion_ci(level, method="wilson")
    return Interval(float(interval.low), float(interval.high))
