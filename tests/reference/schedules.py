"""Learning-rate schedules from their formulas, one update at a time, by ``math`` alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def piecewise_constant(
    rate: float, t: int, steps: int, boundaries: Sequence[float], factors: Sequence[float]
) -> float:
    """The factor of the last boundary, in epochs, that ``t`` updates have reached."""
    for boundary, factor in zip(reversed(boundaries), reversed(factors), strict=True):
        if t / steps >= boundary:
            return rate * factor
    return rate


def exponential(rate: float, t: int, r: float) -> float:
    """η₀ · 10^(−t/r)."""
    return rate * 10 ** (-t / r)


def exponential_decay(
    rate: float, t: int, decay_steps: float, decay_rate: float, staircase: bool
) -> float:
    """``tf.train.exponential_decay``."""
    power = t // decay_steps if staircase else t / decay_steps
    return rate * decay_rate**power


def power(rate: float, t: int, r: float, c: float) -> float:
    """η₀ (1 + t/r)^(−c)."""
    return rate / (1 + t / r) ** c


def inverse_time(rate: float, t: int, steps: int, decay: float) -> float:
    """η₀ / (1 + decay · epoch)."""
    return rate / (1 + decay * math.floor(t / steps))


def cosine(rate: float, t: int, total: int, share: float) -> float:
    """Loshchilov and Hutter 2017, equation 5, with η_min = share · η₀."""
    low = share * rate
    return low + 0.5 * (rate - low) * (1 + math.cos(math.pi * t / total))


def one_cycle_in_lines(
    rate: float, t: int, total: int, rising: float, divisor: float, final_divisor: float
) -> float:
    """``OneCycleLR`` with ``anneal_strategy="linear"``."""
    initial = rate / divisor
    peak_at = rising * total - 1
    times, rates = [0, peak_at, total - 1], [initial, rate, initial / final_divisor]
    return float(np.interp(t, times, rates))


def one_cycle_in_three(
    rate: float, t: int, total: int, rising: float, divisor: float, final_divisor: float
) -> float:
    """``OneCycleLR`` with ``anneal_strategy="linear"`` and ``three_phase=True``."""
    initial = rate / divisor
    times = [0, rising * total - 1, 2 * rising * total - 2, total - 1]
    return float(np.interp(t, times, [initial, rate, initial, initial / final_divisor]))


def one_cycle(
    rate: float, t: int, total: int, rising: float, divisor: float, final_divisor: float
) -> float:
    """PyTorch's ``OneCycleLR`` with ``anneal_strategy="cos"``, ``max_lr`` being the rate."""
    initial = rate / divisor
    lowest = initial / final_divisor
    peak_at = rising * total - 1
    if t <= peak_at:
        share, start, end = t / peak_at, initial, rate
    else:
        share, start, end = (t - peak_at) / (total - 1 - peak_at), rate, lowest
    return end + (start - end) / 2 * (math.cos(math.pi * share) + 1)


def performance(
    rate: float, errors: Sequence[float], factor: float, patience: int, min_delta: float
) -> list[float]:
    """Return the rate after each epoch's error, by the bookkeeping of ``ReduceLROnPlateau``."""
    best, wait, rates = math.inf, 0, []
    for error in errors:
        if error < best - min_delta:
            best, wait = error, 0
        else:
            wait += 1
            if wait >= patience:
                rate, wait = rate * factor, 0
        rates.append(rate)
    return rates
