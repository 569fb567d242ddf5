"""Mean and spread of a handful of values.

``fsum`` sums exactly, so the same numbers give the same bytes on every machine.
"""

from __future__ import annotations

import math
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


@dataclass(frozen=True)
class WelchError:
    """The standard error of a difference of two means, with its degrees of freedom."""

    size: float
    degrees_of_freedom: float


def welch_error(first: Summary, second: Summary) -> WelchError | None:
    """Return √(s₁²/n₁ + s₂²/n₂) with Satterthwaite's degrees of freedom; None where an n < 2."""
    if first.standard_deviation is None or second.standard_deviation is None:
        return None
    errors = [
        each / math.sqrt(n)
        for each, n in ((first.standard_deviation, first.n), (second.standard_deviation, second.n))
    ]
    size = math.hypot(*errors)
    if not size:
        return WelchError(0.0, first.n + second.n - 2)
    shares = [(error / size) ** 2 for error in errors]  # no square overflows
    freedom = 1 / (shares[0] ** 2 / (first.n - 1) + shares[1] ** 2 / (second.n - 1))
    return WelchError(size, freedom)


def skewness(values: Sequence[float]) -> float:
    """Return m₃/m₂^1.5 of the central moments; 0 where the values have no spread."""
    if not values or min(values) == max(values):
        return 0.0
    mean, scale = math.fsum(values) / len(values), max(values) - min(values)
    deviations = [(value - mean) / scale for value in values]
    second, third = (math.fsum(d**k for d in deviations) / len(values) for k in (2, 3))
    return third / float(second**1.5)


def summarize(values: Sequence[float]) -> Summary:
    """Return n, mean and sample standard deviation of ``values``."""
    n = len(values)
    if n == 0:
        return Summary(0, None, None)
    if min(values) == max(values):
        return Summary(n, values[0], 0.0 if n > 1 else None)
    _, exponent = math.frexp(max(map(abs, values)))
    unit = math.ldexp(1.0, exponent - 1)  # a power of two: nothing is rounded, nothing overflows
    scaled = [value / unit for value in values]
    mean = math.fsum(scaled) / n
    squares = math.fsum((value - mean) ** 2 for value in scaled)
    return Summary(n, mean * unit, math.sqrt(squares / (n - 1)) * unit)
