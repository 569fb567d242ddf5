"""Histograms, one value at a time."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def octave_counts(values: NDArray[np.floating]) -> dict[int, int]:
    """Count |value| by the power of two that it reaches: k → how many in [2^k, 2^(k + 1)).

    Zeros are left out.
    """
    counts: dict[int, int] = {}
    for value in np.ravel(values):
        if value != 0:
            _, above = math.frexp(abs(float(value)))  # |value| = m · 2^above with m in [1/2, 1)
            counts[above - 1] = counts.get(above - 1, 0) + 1
    return counts
