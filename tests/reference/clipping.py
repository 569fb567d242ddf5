"""Gradient clipping; each rule returns the clipped gradients and whether any changed."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def global_norm(gradients: list[Array]) -> float:
    """The Euclidean norm of all gradients as one long vector."""
    return math.sqrt(sum(float((gradient**2).sum()) for gradient in gradients))


def by_value(gradients: list[Array], threshold: float) -> tuple[list[Array], bool]:
    clipped = [np.minimum(np.maximum(g, -threshold), threshold) for g in gradients]
    return clipped, any((np.abs(g) > threshold).any() for g in gradients)


def by_norm(gradients: list[Array], threshold: float) -> tuple[list[Array], bool]:
    clipped = []
    for gradient in gradients:
        norm = global_norm([gradient])
        clipped.append(gradient * threshold / norm if norm > threshold else gradient)
    return clipped, any(global_norm([g]) > threshold for g in gradients)


def by_global_norm(gradients: list[Array], threshold: float) -> tuple[list[Array], bool]:
    norm = global_norm(gradients)
    if norm <= threshold:
        return gradients, False
    return [gradient * threshold / norm for gradient in gradients], True


RULES = {"by_value": by_value, "by_norm": by_norm, "by_global_norm": by_global_norm}


def adaptive(
    gradients: list[Array], weights: list[Array], threshold: float, epsilon: float
) -> list[Array]:
    """Brock et al. 2021, equation 3: unit by unit, a loop over the columns of each matrix."""
    clipped = []
    for gradient, weight in zip(gradients, weights, strict=True):
        columns = gradient.reshape(-1, gradient.shape[-1] if gradient.ndim > 1 else 1).copy()
        of_weights = weight.reshape(columns.shape)
        for unit in range(columns.shape[1]):
            norm = math.sqrt(float((columns[:, unit] ** 2).sum()))
            size = max(math.sqrt(float((of_weights[:, unit] ** 2).sum())), epsilon)
            if norm > 0 and norm / size > threshold:
                columns[:, unit] *= threshold * size / norm
        clipped.append(columns.reshape(gradient.shape))
    return clipped
