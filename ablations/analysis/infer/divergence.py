"""How many runs of an arm diverged, with the interval of that share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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


NO_RUNS = Divergence(0, 0)


def divergence(collected: Collected, arm: str) -> Divergence:
    """Return how many runs of ``arm`` that count diverged."""
    runs = collected.of_arm(arm)
    return Divergence(sum(run.result.status == "diverged" for run in runs), len(runs))
