"""Mean and spread of a handful of values.

The statistics module sums exactly, so the same numbers give the same bytes on every machine.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """Mean and spread of n values, for instance of one metric over the completed runs of an arm."""

    n: int
    mean: float | None
    """None where n = 0."""
    standard_deviation: float | None
    """Of the sample, √(Σ (xᵢ − x̄)² / (n − 1)); None where n < 2."""


def summarize(values: Sequence[float]) -> Summary:
    """Return n, mean and sample standard deviation of ``values``."""
    return Summary(
        len(values),
        statistics.mean(values) if values else None,
        statistics.stdev(values) if len(values) > 1 else None,
    )
