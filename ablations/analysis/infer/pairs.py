"""Pairing by seed: the same seed gives two arms the same data order, split and initial draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ablations.analysis.infer.divergence import NO_RUNS, Divergence, divergence
from ablations.analysis.read.collect import Collected


@dataclass(frozen=True)
class PairedDifferences:
    """One metric of an arm minus that of its reference, or a contrast: a number per seed."""

    values: tuple[float, ...]
    """dₛ of the S seeds that completed in both, in order of seed."""
    divergence: Divergence = NO_RUNS
    """Of the arm."""
    reference_divergence: Divergence = NO_RUNS
    """Of the arm that it is compared with."""


def paired_differences(
    collected: Collected, arm: str, reference: str, metric: str
) -> PairedDifferences:
    """Return the paired differences arm − reference of ``metric``."""
    differences = difference_by_seed(
        collected.values(arm, metric), collected.values(reference, metric)
    )
    return PairedDifferences(
        tuple(differences.values()), divergence(collected, arm), divergence(collected, reference)
    )


def difference_by_seed(
    arm: Mapping[int, float], reference: Mapping[int, float]
) -> dict[int, float]:
    """Return seed → dₛ = arm(s) − reference(s), in order of seed, for the seeds of both."""
    return {seed: arm[seed] - reference[seed] for seed in sorted(arm.keys() & reference.keys())}
