"""What would settle a comparison: the effect that its seeds detect, and the seeds it needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from ablations.analysis.infer.corrections import LEVEL
from ablations.analysis.infer.intervals import t_quantile
from ablations.analysis.infer.summary import Summary, welch_error

POWER = 0.8
MOST_SEEDS = 10_000


@dataclass(frozen=True)
class Settle:
    """What would settle a comparison that is inconclusive."""

    detectable: float
    """The smallest effect that as many seeds find with 80% power, in the metric's unit."""
    more_seeds: int | None
    """About how many more seeds an effect of the size observed needs; None beyond 10,000.

    Of independent runs, how many more of the arm and as many of what it is compared with."""


def settle(summary: Summary, comparisons: int) -> Settle | None:
    """Return what would settle differences of that mean and spread; None where n < 2.

    The effect is (c + t.₈) · s/√n with c = t(1 − .05/2m, n − 1) of m comparisons and t.₈ the 80%
    quantile; the seeds are the fewest n at which the observed mean is as large as that.
    """
    if summary.mean is None or summary.standard_deviation is None:
        return None
    deviation, observed = summary.standard_deviation, abs(summary.mean)

    def detectable(n: int) -> float:
        critical = t_quantile(1 - LEVEL / (2 * comparisons), n - 1)
        return (critical + t_quantile(POWER, n - 1)) * deviation / math.sqrt(n)

    return _settle(detectable, summary.n, observed)


def settle_independent(arm: Summary, reference: Summary, comparisons: int) -> Settle | None:
    """Return what would settle two arms of independent runs; None where one has less than two.

    The same with Welch's standard error and degrees of freedom; as many runs are added to both.
    """
    if arm.mean is None or reference.mean is None or welch_error(arm, reference) is None:
        return None

    def detectable(n: int) -> float:
        added = n - arm.n
        error = welch_error(replace(arm, n=n), replace(reference, n=reference.n + added))
        assert error is not None
        critical = t_quantile(1 - LEVEL / (2 * comparisons), error.degrees_of_freedom)
        return (critical + t_quantile(POWER, error.degrees_of_freedom)) * error.size

    return _settle(detectable, arm.n, abs(arm.mean - reference.mean))


def _settle(detectable: Callable[[int], float], n: int, observed: float) -> Settle:
    """Return how many more than ``n`` an observed effect needs; what is detectable falls with n."""
    low, high = n, MOST_SEEDS
    if detectable(high) > observed:
        return Settle(detectable(n), None)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if detectable(middle) > observed else (low, middle)
    return Settle(detectable(n), high - n)
