"""Intervals: Student's for a mean, the bootstrap that checks it, Wilson's for a share of runs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ablations.analysis.infer.summary import Summary

FEWEST_FOR_BOOTSTRAP = 10
RESAMPLES = 9_999


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
    quantile = _t_quantile((1 + level) / 2, summary.n - 1)
    half = quantile * summary.standard_deviation / math.sqrt(summary.n)
    return Interval(summary.mean - half, summary.mean + half)


@lru_cache(maxsize=256)  # a curve asks for the same one at every epoch
def _t_quantile(probability: float, degrees_of_freedom: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, probability))


def bca_interval(values: Sequence[float], level: float = 0.95) -> Interval | None:
    """Return the BCa bootstrap interval of the mean, over seeds (Efron 1987).

    None where n < 10, and where the values have no spread to resample.  The draws are seeded.
    """
    if len(values) < FEWEST_FOR_BOOTSTRAP or min(values) == max(values):
        return None
    import numpy as np
    import scipy.stats

    scale = max(map(abs, values))

    def mean(sample: Any, axis: int) -> Any:
        # Resamples of equal mean must stay equal however a machine orders the sum.
        return np.round(sample.mean(axis=axis), 12)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of degenerate data, which give nan
        interval = scipy.stats.bootstrap(
            ([value / scale for value in values],),
            mean,
            n_resamples=RESAMPLES,
            confidence_level=level,
            method="BCa",
            rng=np.random.default_rng(0),
        ).confidence_interval
    low, high = float(interval.low) * scale, float(interval.high) * scale
    return Interval(low, high) if math.isfinite(low) and math.isfinite(high) else None


def disagree(student: Interval, bootstrap: Interval) -> bool:
    """Whether two intervals of one mean lead to different conclusions.

    Only one of them holds 0, or an end lies apart by more than a quarter of Student's width; at
    n = 10 the bootstrap's ends are a tenth of it inside Student's where all is well.
    """
    apart = max(abs(student.low - bootstrap.low), abs(student.high - bootstrap.high))
    one_holds_zero = (student.low <= 0 <= student.high) != (bootstrap.low <= 0 <= bootstrap.high)
    return one_holds_zero or apart > 0.25 * (student.high - student.low)


def wilson_interval(count: int, total: int, level: float = 0.95) -> Interval:
    """Return Wilson's (1927) interval of a share, in [0, 1]; wants total ≥ 1."""
    import scipy.stats

    interval = scipy.stats.binomtest(count, total).proportion_ci(level, method="wilson")
    return Interval(float(interval.low), float(interval.high))
