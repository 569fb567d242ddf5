"""Batch and layer normalization, forward."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def batch_norm_training(
    z: Array, gamma: Array, beta: Array, epsilon: float
) -> tuple[Array, Array, Array]:
    """Return the normalized batch [B, U], its mean and its variance (divided by B, not B − 1)."""
    mean = z.sum(axis=0) / len(z)
    variance = ((z - mean) ** 2).sum(axis=0) / len(z)
    return gamma * (z - mean) / np.sqrt(variance + epsilon) + beta, mean, variance


def batch_norm_testing(
    z: Array, gamma: Array, beta: Array, mean: Array, variance: Array, epsilon: float
) -> Array:
    """Return the batch normalized by given statistics."""
    return gamma * (z - mean) / np.sqrt(variance + epsilon) + beta


def layer_norm(z: Array, gamma: Array, beta: Array, epsilon: float) -> Array:
    """Normalize each example [B, U] over its units."""
    rows = [
        gamma * (row - row.mean()) / np.sqrt(((row - row.mean()) ** 2).mean() + epsilon) + beta
        for row in z
    ]
    return np.stack(rows)
