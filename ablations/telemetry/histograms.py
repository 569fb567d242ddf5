"""From counts that were made in the graph to the buckets of a TensorBoard histogram."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOWEST_EXPONENT = -20.0
HIGHEST_EXPONENT = 4.0
BUCKETS_PER_DECADE = 4
LOG10_BUCKETS = round((HIGHEST_EXPONENT - LOWEST_EXPONENT) * BUCKETS_PER_DECADE)
"""Buckets of log10 |gradient|; what is smaller or larger falls in the outermost."""
LINEAR_BUCKETS = 30
"""Buckets between the least and the greatest value; the dashboards draw 30."""

Buckets = NDArray[np.float32]


def log10_buckets(counts: NDArray[np.integer]) -> Buckets:
    """Return [K, 3] for counts [LOG10_BUCKETS], empty outer buckets trimmed.

    Untrimmed, the Distributions dashboard would draw a band over the empty range.
    """
    width = 1 / BUCKETS_PER_DECADE
    left = LOWEST_EXPONENT + width * np.arange(LOG10_BUCKETS)
    return _trimmed(np.stack([left, left + width, counts], axis=1))


def linear_buckets(counts: NDArray[np.integer], least: float, greatest: float) -> Buckets:
    """Return [LINEAR_BUCKETS, 3] for counts between ``least`` and ``greatest``."""
    if least == greatest:
        return np.array([[least, greatest, counts.sum()]], np.float32)
    edges = np.linspace(least, greatest, LINEAR_BUCKETS + 1)
    return np.stack([edges[:-1], edges[1:], counts], axis=1).astype(np.float32)


def _trimmed(buckets: NDArray[np.floating]) -> Buckets:
    filled = np.flatnonzero(buckets[:, 2])
    if len(filled) == 0:
        return np.zeros((0, 3), np.float32)
    return buckets[filled[0] : filled[-1] + 1].astype(np.float32)
