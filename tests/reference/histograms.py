"""Histograms, one value at a time."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def log10_counts(values: NDArray[np.floating], low: int, high: int, per_decade: int) -> list[int]:
    """Count log10 |value| in equal buckets from ``low`` to ``high``; the ends are open.

    Exact zeros are left out.
    """
    counts = [0] * ((high - low) * per_decade)
    for value in np.ravel(values):
        if value == 0:
            continue
        exponent = math.log10(abs(value))
        place = 0 if exponent < low else math.floor((exponent - low) * per_decade)
        counts[min(place, len(counts) - 1)] += 1
    return counts
