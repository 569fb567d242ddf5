"""Penalties and max-norm, unit by unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def penalty(kernels: list[Array], l1: float, l2: float) -> float:
    """Return λ₁ Σ|w| + λ₂ Σ w² over all kernels."""
    return sum(
        l1 * abs(weight) + l2 * weight**2
        for kernel in kernels
        for weight in kernel.ravel().tolist()
    )


def slope(kernel: Array, l1: float, l2: float) -> Array:
    """Return the penalty's gradient, λ₁ sign(w) + 2λ₂w."""
    return l1 * np.sign(kernel) + 2 * l2 * kernel


def max_norm(kernel: Array, limit: float, axis: int = 0) -> Array:
    """Scale each column (axis 0) or row (axis 1) of a matrix down to a norm of ``limit``.

    A kernel of more axes is a stack of such: its last axis are the columns.
    """
    matrix = kernel.reshape(-1, kernel.shape[-1]).copy()
    vectors = matrix.T if axis == 0 else matrix
    for vector in vectors:
        length = np.sqrt((vector**2).sum())
        if length > limit:
            vector *= limit / length
    return matrix.reshape(kernel.shape)
