"""Pairing by seed: the same seed gives two arms the same data order, split and initial draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ablations.analysis.infer.divergence import more_diverge_p_value
from ablations.analysis.infer.intervals import Interval, student_interval
from ablations.analysis.infer.scores import scores
from ablations.analysis.infer.settle import Settle, settle
from ablations.analysis.infer.summary import Summary, summarize
from ablations.analysis.read.collect import Collected
from ablations.study.scores import Direction


@dataclass(frozen=True)
class PairedDifferences:
    """One metric of an arm minus that of its reference, or a contrast: a number per seed."""

    by_seed: Mapping[int, float]
    """Seed → dₛ of the S seeds where both have a run that counts, in order of seed.

    A diverged run enters at what it scores."""
    diverged: frozenset[int] = frozenset()
    """The seeds where the arm diverged."""
    reference_diverged: frozenset[int] = frozenset()
    """The seeds where the arm that it is compared with diverged."""

    @property
    def values(self) -> tuple[float, ...]:
        """dₛ, in order of seed."""
        return tuple(self.by_seed.values())

    @property
    def of_survivors(self) -> tuple[float, ...]:
        """dₛ of the seeds that completed in both, in order of seed."""
        either = self.diverged | self.reference_diverged
        return tuple(value for seed, value in self.by_seed.items() if seed not in either)

    @cached_property
    def _summary(self) -> Summary:
        return summarize(self.values)

    @property
    def n(self) -> int:
        """Pairs."""
        return len(self.by_seed)

    @property
    def n_reference(self) -> None:
        """None: the runs of both are counted in pairs."""
        return None

    @property
    def differences(self) -> tuple[float, ...]:
        """dₛ, in order of seed."""
        return self.values

    @property
    def effect(self) -> float | None:
        """The mean of dₛ; None without pairs."""
        return self._summary.mean

    def interval(self, level: float = 0.95) -> Interval | None:
        """Return Student's interval of the effect; None where n < 2."""
        return student_interval(self._summary, level)

    @property
    def all_equal(self) -> bool:
        """Whether there is no difference at any seed."""
        return not any(self.values)

    def probability_of_improvement(self, better: Direction) -> float | None:
        """Return the share of seeds at which the arm is better, ties counted half."""
        sign, values = 1 if better == "higher" else -1, self.values
        wins = sum((sign * value > 0) + 0.5 * (value == 0) for value in values)
        return wins / len(values) if values else None

    def more_diverge_p_value(self) -> float:
        """Return the one-sided p that the arm diverges more: McNemar's exact test."""
        return more_diverge_p_value(self.diverged, self.reference_diverged)

    def survivors(self) -> PairedDifferences | None:
        """Return the seeds that completed in both; None where all did."""
        if not self.diverged | self.reference_diverged:
            return None
        return PairedDifferences(dict(enumerate(self.of_survivors)))

    def settle(self, comparisons: int) -> Settle | None:
        """Return what would settle the comparison, in seeds."""
        return settle(self._summary, comparisons)


def paired_differences(
    collected: Collected, arm: str, reference: str, metric: str
) -> PairedDifferences:
    """Return the paired differences arm − reference of ``metric``, at the seeds that replicate."""
    every = difference_by_seed(scores(collected, arm, metric), scores(collected, reference, metric))
    differences = {seed: every[seed] for seed in collected.replicates(every, (arm, reference))}
    return PairedDifferences(
        differences,
        frozenset(collected.diverged_seeds(arm) & differences.keys()),
        frozenset(collected.diverged_seeds(reference) & differences.keys()),
    )


def difference_by_seed(
    arm: Mapping[int, float], reference: Mapping[int, float]
) -> dict[int, float]:
    """Return seed → dₛ = arm(s) − reference(s), in order of seed, for the seeds of both."""
    return {seed: arm[seed] - reference[seed] for seed in sorted(arm.keys() & reference.keys())}
