"""Orders of magnitude of what can be zero."""

from __future__ import annotations

import math

LEAST_LOG10 = -38.0
"""Stands for the logarithm of a norm of 0: the least normal float32 is 10^−37.9."""


def log10_or_least(value: float) -> float:
    """Return log10 of a value ≥ 0, ``LEAST_LOG10`` at the least."""
    return max(math.log10(value), LEAST_LOG10) if value > 0 else LEAST_LOG10
