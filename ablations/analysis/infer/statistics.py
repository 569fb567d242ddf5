"""Simple statistics of a handful of seeds: each a formula.

Sums are exact (``math.fsum``), so that the same numbers give the same bytes on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A closed interval, in the unit of the values."""

    low: float
    high: float


@dataclass(frozen=True)
class Summary:
    """Mean and spread of one metric over the completed runs of one arm."""

    n: int
    mean: float | None
    standard_deviation: float | None


def summarize(values: Sequence[float]) -> Summary:
    """Return n, mean and sample standard deviation; no mean where n = 0."""
    centre = mean(values) if values else None
    return Summary(len(values), centre, standard_deviation(values))


def mean(values: Sequence[float]) -> float:
    """Return x̄ = (1/n) Σ xᵢ; wants n ≥ 1."""
    try:
        centre = math.fsum(values) / len(values)
    except OverflowError:  # the sum leaves the range of a double; the mean does not
        centre = math.fsum(value / len(values) for value in values)
    return min(max(centre, min(values)), max(values))  # equal values: no spread from rounding


def standard_deviation(values: Sequence[float]) -> float | None:
    """Return the sample's s = √(Σ (xᵢ − x̄)² / (n − 1)); None where n < 2."""
    if len(values) < 2:
        return None
    centre = mean(values)
    return math.hypot(*(value - centre for value in values)) / math.sqrt(len(values) - 1)


def t_interval(values: Sequence[float], level: float = 0.95) -> Interval | None:
    """Return Student's interval x̄ ± t₍ₙ₋₁, (1+level)/2₎ · s/√n for the mean; None where n < 2."""
    spread = standard_deviation(values)
    if spread is None:
        return None
    centre, n = mean(values), len(values)
    half = t_quantile((1 + level) / 2, n - 1) * spread / math.sqrt(n)
    return Interval(centre - half, centre + half)


def t_quantile(probability: float, degrees_of_freedom: int) -> float:
    """Return the ``probability`` quantile of Student's t distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, probability))


def paired_differences(arm: Mapping[int, float], control: Mapping[int, float]) -> dict[int, float]:
    """Return seed → dₛ = arm(s) − control(s) for the seeds that both have, in order of seed."""
    return {seed: arm[seed] - control[seed] for seed in sorted(arm.keys() & control.keys())}
