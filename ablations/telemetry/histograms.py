"""From counts that were made in the graph to the buckets of a TensorBoard histogram."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

OCTAVES = 256
"""Buckets of |gradient|, one for each exponent of a float32: bucket e holds [2^(e−127), 2^(e−126)).

Bucket 0 holds zeros and what is too small for a normal float, the last what is not finite.
"""
EXPONENT_BIAS = 127
LINEAR_BUCKETS = 30
"""Buckets between the least and the greatest value; the dashboards draw 30."""

Buckets = NDArray[np.float32]


def log10_buckets(counts: NDArray[np.integer]) -> Buckets:
    """Return [K, 3] in units of log10 for counts [OCTAVES]; empty outer buckets are trimmed.

    Zeros are left out: they have no logarithm, and a spike far below the others would stretch
    every picture (the weights of a pixel that is always black have gradient 0). Untrimmed, the
    Distributions dashboard would draw a band over the empty range.
    """
    edges = np.log10(2.0) * (np.arange(1, OCTAVES) - EXPONENT_BIAS)
    return _trimmed(np.stack([edges[:-1], edges[1:], counts[1:-1]], axis=1))


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
