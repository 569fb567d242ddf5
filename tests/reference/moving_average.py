"""The exponential moving average of a sequence of weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def decay_at(decay: float, ramp: bool, updates: int) -> float:
    """Return the decay of one update: min(decay, (1 + n)/(10 + n)) with the ramp."""
    return min(decay, (1 + updates) / (10 + updates)) if ramp else decay


def average(
    start: Array, weights: Sequence[Array], decay: float, ramp: bool = False
) -> list[Array]:
    """Return the shadow after each update; n counts from 1."""
    shadow, trace = np.asarray(start, np.float64), []
    for number, weight in enumerate(weights, start=1):
        d = decay_at(decay, ramp, number)
        shadow = d * shadow + (1 - d) * weight
        trace.append(shadow)
    return trace


def debiased_mean(weights: Sequence[Array], decay: float) -> Array:
    """Return the mean of all weights so far, the newest weighing most: Σ dᵏ w / Σ dᵏ."""
    powers = [decay**age for age in range(len(weights))][::-1]
    total = sum(power * weight for power, weight in zip(powers, weights, strict=True))
    return total / sum(powers)
