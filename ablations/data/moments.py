"""Mean and deviation of each feature, for standardization."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS_AT_ONCE = 2000  # so that float64 copies of all examples never stand in memory

Moments = tuple[NDArray[np.float32], NDArray[np.float32]]


def feature_moments(features: NDArray[Any], scale: float) -> Moments:
    """Return μ and σ of each feature of ``features`` [N, …] times ``scale``, each [...].

    σ² = Σ(x − μ)²/N, in double precision.  A feature that is the same in all rows has σ 1, so that
    (x − μ)/σ is 0 there and finite wherever it differs.
    """
    chunks = [features[start : start + ROWS_AT_ONCE] for start in _starts(features)]
    total = sum(chunk.sum(axis=0, dtype=np.float64) for chunk in chunks)
    mean = np.asarray(total / len(features) * scale)
    squares = sum(np.square(chunk * np.float64(scale) - mean).sum(axis=0) for chunk in chunks)
    constant = features.min(axis=0) == features.max(axis=0)
    deviation = np.where(constant, 1.0, np.sqrt(np.asarray(squares) / len(features)))
    return mean.astype(np.float32), deviation.astype(np.float32)


def _starts(features: NDArray[Any]) -> range:
    return range(0, len(features), ROWS_AT_ONCE)
