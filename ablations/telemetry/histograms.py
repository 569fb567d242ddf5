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

_SHARES = np.arange(LINEAR_BUCKETS + 1) / LINEAR_BUCKETS
Buckets = NDArray[np.float32]


def log10_buckets(counts: NDArray[np.integer]) -> Buckets:
    """Return [K, 3] in units of log10 for counts [OCTAVES]; empty outer buckets are trimmed.

    Zeros are left out: they have no logarithm, and a spike far below the others would stretch
    every picture (the weights of a pixel that is always black have gradient 0). Untrimmed, the
    Distributions dashboard would draw a band over the empty range.
    """
    filled = np.flatnonzero(counts[1:-1])
    if len(filled) == 0:
        return np.zeros((0, 3), np.float32)
    first, last = filled[0] + 1, filled[-1] + 1
    edges = np.log10(2.0) * (np.arange(first, last + 2) - EXPONENT_BIAS)
    return np.stack([edges[:-1], edges[1:], counts[first : last + 1]], axis=1).astype(np.float32)


def linear_buckets(counts: NDArray[np.integer], least: float, greatest: float) -> Buckets:
    """Return [LINEAR_BUCKETS, 3] for counts between ``least`` and ``greatest``."""
    if least == greatest:
        return np.array([[least, greatest, counts.sum()]], np.float32)
    edges = least + _SHARES * (greatest - least)
    buckets = np.empty([LINEAR_BUCKETS, 3], np.float32)
    buckets[:, 0], buckets[:, 1], buckets[:, 2] = edges[:-1], edges[1:], counts
    buckets[-1, 1] = greatest
    return buckets


def octave_counts(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """Count |values| into OCTAVES buckets by the exponent of each float32, [OCTAVES]."""
    bits = np.abs(np.asarray(values, np.float32)).reshape(-1).view(np.uint32)
    return np.bincount(bits >> np.uint32(23), minlength=OCTAVES)[:OCTAVES]


def buckets_of(values: NDArray[np.floating]) -> Buckets:
    """Return [LINEAR_BUCKETS, 3] of the finite values of an array of any shape."""
    finite = np.asarray(values, np.float64).reshape(-1)
    finite = finite[np.isfinite(finite)]
    if not len(finite):
        return np.zeros((0, 3), np.float32)
    least, greatest = float(finite.min()), float(finite.max())
    if least == greatest:
        return linear_buckets(np.array([len(finite)]), least, greatest)
    counts, _ = np.histogram(finite, LINEAR_BUCKETS, (least, greatest))
    return linear_buckets(counts, least, greatest)


def log10_buckets_of(values: NDArray[np.floating]) -> Buckets:
    """Return [K, 3] in units of log10 of the absolute values of an array of any shape."""
    return log10_buckets(octave_counts(values))
