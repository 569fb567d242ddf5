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
