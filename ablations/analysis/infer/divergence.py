"""How many runs of an arm diverged, and whether more of them than of its reference."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from functools import cache, cached_property

from ablations.analysis.infer.intervals import Interval, wilson_interval
from ablations.analysis.read.collect import Collected


@dataclass(frozen=True)
class Divergence:
    """How many of an arm's runs diverged."""

    diverged: int
    runs: int
    """Runs that count: completed or diverged."""

    @property
    def completed(self) -> int:
        """Runs that completed."""
        return self.runs - self.diverged

    @cached_property
    def interval(self) -> Interval | None:
        """Wilson's 95% interval of the share that diverges; None without runs."""
        return wilson_interval(self.diverged, self.runs) if self.runs else None

    def exceeds(self, other: Divergence) -> bool:
        """Whether a larger share diverged than of ``other``; False where one has no runs."""
        return self.diverged * other.runs > other.diverged * self.runs


def divergence(collected: Collected, arm: str) -> Divergence:
    """Return how many runs of ``arm`` that count diverged."""
    return Divergence(len(collected.diverged_seeds(arm)), len(collected.of_arm(arm)))


def more_diverge_p_value(diverged: Set[int], reference_diverged: Set[int]) -> float:
    """Return the one-sided p that the arm diverges more than its reference.

    McNemar's exact test: of the seeds where one of the two diverged alone, each is as likely to
    be one of the arm as one of the reference (Agresti 2013, §11.1).
    """
    alone, others = len(diverged - reference_diverged), len(reference_diverged - diverged)
    if not alone:
        return 1.0
    return _one_sided_p_value(alone, alone + others)


@cache
def more_diverge_of_independent(
    diverged: int, runs: int, reference_diverged: int, reference_runs: int
) -> float:
    """Return the one-sided p that an arm diverges more than one whose seeds are not its own.

    Fisher's exact test: given how many of all runs diverged, how many of them are the arm's.
    """
    if not diverged:
        return 1.0
    from scipy.stats import hypergeom

    total, gone = runs + reference_runs, diverged + reference_diverged
    return min(1.0, float(hypergeom.sf(diverged - 1, total, gone, runs)))


@cache
def _one_sided_p_value(count: int, total: int) -> float:
    from scipy.stats import binomtest

    return float(binomtest(count, total, alternative="greater").pvalue)
