"""Independent replicates: the runs of two arms, whose seeds share nothing but a number.

The effect is the difference of means, with Welch's interval: its squared standard error is
s²_a/n_a + s²_c/n_c, its degrees of freedom Satterthwaite's (1946).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ablations.analysis.infer.divergence import more_diverge_of_independent
from ablations.analysis.infer.intervals import Interval, t_quantile
from ablations.analysis.infer.settle import Settle, settle_independent
from ablations.analysis.infer.summary import Summary, summarize, welch_error
from ablations.study.scores import Direction


@dataclass(frozen=True)
class IndependentRuns:
    """One metric of the runs of an arm, and of those of the arm that it is compared with."""

    of_arm: Mapping[int, float]
    """Seed → score of each run that counts; a seed is only a label."""
    of_reference: Mapping[int, float]
    diverged: frozenset[int] = frozenset()
    """The seeds where the arm diverged."""
    reference_diverged: frozenset[int] = frozenset()
    """The seeds where the arm that it is compared with diverged."""
    unchanged: bool = False
    """Whether both are the very same runs, as of an arm that is compared with itself before."""

    @cached_property
    def _arm(self) -> Summary:
        return summarize(list(self.of_arm.values()))

    @cached_property
    def _reference(self) -> Summary:
        return summarize(list(self.of_reference.values()))

    @property
    def n(self) -> int:
        """Runs of the arm."""
        return self._arm.n

    @property
    def n_reference(self) -> int:
        """Runs of what it is compared with."""
        return self._reference.n

    @property
    def differences(self) -> tuple[float, ...]:
        """Nothing: there is no difference of one seed."""
        return ()

    @property
    def effect(self) -> float | None:
        """The difference of means, arm minus reference; None where one has no run."""
        if self._arm.mean is None or self._reference.mean is None:
            return None
        return self._arm.mean - self._reference.mean

    def interval(self, level: float = 0.95) -> Interval | None:
        """Return Welch's interval of the effect; None where one has less than two runs."""
        error = welch_error(self._arm, self._reference)
        if self.effect is None or error is None:
            return None
        half = t_quantile((1 + level) / 2, error.degrees_of_freedom) * error.size
        return Interval(self.effect - half, self.effect + half)

    @property
    def all_equal(self) -> bool:
        """Whether no run differs from any other, or arm and reference are the very same runs."""
        values = {*self.of_arm.values(), *self.of_reference.values()}
        return self.unchanged or len(values) == 1

    def probability_of_improvement(self, better: Direction) -> float | None:
        """Return the share of all pairs of runs in which the arm is better, ties counted half."""
        sign = 1 if better == "higher" else -1
        ascending = sorted(sign * value for value in self.of_reference.values())
        if not ascending or not self.of_arm:
            return None
        wins = 0.0
        for value in self.of_arm.values():
            below = _count_below(ascending, sign * value)
            wins += below + 0.5 * (_count_below(ascending, sign * value, equal=True) - below)
        return wins / (len(ascending) * len(self.of_arm))

    def more_diverge_p_value(self) -> float:
        """Return the one-sided p that the arm diverges more: Fisher's exact test."""
        return more_diverge_of_independent(
            len(self.diverged), self.n, len(self.reference_diverged), self.n_reference
        )

    def survivors(self) -> IndependentRuns | None:
        """Return the runs that completed; None where all did."""
        if not self.diverged | self.reference_diverged:
            return None
        return IndependentRuns(
            {seed: value for seed, value in self.of_arm.items() if seed not in self.diverged},
            {
                s: value
                for s, value in self.of_reference.items()
                if s not in self.reference_diverged
            },
        )

    def settle(self, comparisons: int) -> Settle | None:
        """Return what would settle the comparison, in runs of each of the two."""
        return settle_independent(self._arm, self._reference, comparisons)


def _count_below(ascending: Sequence[float], value: float, equal: bool = False) -> int:
    from bisect import bisect_left, bisect_right

    return (bisect_right if equal else bisect_left)(ascending, value)


def seed_correlation(arms: Sequence[Mapping[int, float]]) -> float | None:
    """Return the mean correlation of two arms over the seeds of both; seed → score of each.

    Of pairs of arms with six such seeds, the fewest that could give a verdict by pairing; None
    without any.
    """
    found = []
    for number, arm in enumerate(arms):
        for other in arms[:number]:
            seeds = sorted(arm.keys() & other.keys())
            if len(seeds) >= FEWEST_SHARED:
                found.append(_correlation([arm[s] for s in seeds], [other[s] for s in seeds]))
    known = [each for each in found if each is not None]
    return math.fsum(known) / len(known) if known else None


FEWEST_SHARED = 6


def _correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Pearson's correlation; None where one has no spread."""
    parts = []
    for values in (first, second):
        summary = summarize(values)
        if not summary.standard_deviation or summary.mean is None:
            return None
        spread = summary.standard_deviation
        parts.append([(value - summary.mean) / spread for value in values])
    return math.fsum(a * b for a, b in zip(*parts, strict=True)) / (len(first) - 1)
