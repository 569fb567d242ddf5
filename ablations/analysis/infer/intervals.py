"""Intervals beside Student's: the bootstrap that checks it, and Wilson's for shares of runs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from ablations.analysis.infer.statistics import Interval

FEWEST_FOR_BOOTSTRAP = 10
RESAMPLES = 9_999


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
        found = scipy.stats.bootstrap(
            ([value / scale for value in values],),
            mean,
            n_resamples=RESAMPLES,
            confidence_level=level,
            method="BCa",
            rng=np.random.default_rng(0),
        ).confidence_interval
    low, high = float(found.low) * scale, float(found.high) * scale
    return Interval(low, high) if math.isfinite(low) and math.isfinite(high) else None


def disagree(student: Interval, bootstrap: Interval) -> bool:
    """Whether two intervals of one mean tell different things.

    Only one of them holds 0, or an end lies apart by more than a quarter of Student's width; at
    n = 10 the bootstrap's ends are a tenth of it inside Student's where all is well.
    """
    apart = max(abs(student.low - bootstrap.low), abs(student.high - bootstrap.high))
    one_holds_zero = (student.low <= 0 <= student.high) != (bootstrap.low <= 0 <= bootstrap.high)
    return one_holds_zero or apart > 0.25 * (student.high - student.low)


def wilson_interval(count: int, total: int, level: float = 0.95) -> Interval:
    """Return Wilson's (1927) interval of a share, in [0, 1]; wants total ≥ 1."""
    import scipy.stats

    found = scipy.stats.binomtest(count, total).proportion_ci(level, method="wilson")
    return Interval(float(found.low), float(found.high))
