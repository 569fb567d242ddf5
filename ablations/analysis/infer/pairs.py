"""Pairing by seed: the same seed gives two arms the same data order, split and initial draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ablations.analysis.infer.scores import scores
from ablations.analysis.read.collect import Collected


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
