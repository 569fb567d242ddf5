"""Optimizers that treat a matrix as a matrix: Adafactor and Muon."""

from __future__ import annotations

import math

import numpy as np

from tests.reference.optimizers import Array, Rule


def _rms(x: Array) -> float:
    return math.sqrt(float((x**2).mean()))


class Adafactor(Rule):
    """Shazeer and Stern 2018, algorithm 4, with β̂₂ = 1 − t^(−0.8), ε₁ 1e-30, ε₂ 1e-3, d 1.

    Keras bounds the paper's relative step 1/√t by the learning rate.
    """

    def step(self, w: Array, g: Array) -> Array:
        self.t += 1
        beta = 1 - self.t**-0.8
        squares = g**2 + 1e-30
        self.m = beta * self.m + (1 - beta) * squares.mean(axis=1)  # rows
        self.v = beta * self.v + (1 - beta) * squares.mean(axis=0)  # columns
        second_moment = np.outer(self.m, self.v) / self.m.mean()
        update = g / np.sqrt(second_moment)
        update = update / max(1.0, _rms(update))
        return w - max(1e-3, _rms(w)) * min(self.rate, 1 / math.sqrt(self.t)) * update


class Muon(Rule):
    """Jordan 2024: Nesterov momentum, five quintic Newton–Schulz steps, then Moonlight's scale.

    Liu et al. 2025 scale by 0.2√max(rows, columns) and decay the weights by η·λ·w first.
    """

    def __init__(self, learning_rate: float, beta: float = 0.95, decay: float = 0.004) -> None:
        super().__init__(learning_rate)
        self.beta, self.decay = beta, decay

    def step(self, w: Array, g: Array) -> Array:
        w = w - self.rate * self.decay * w
        self.m = self.beta * self.m + g
        direction = _newton_schulz(g + self.beta * self.m)
        return w - self.rate * 0.2 * math.sqrt(max(w.shape)) * direction


def _newton_schulz(matrix: Array) -> Array:
    """Push every singular value towards 1 by s ← 3.4445s − 4.775s³ + 2.0315s⁵, five times."""
    left, singular, right = np.linalg.svd(matrix, full_matrices=False)
    singular = singular / (np.linalg.norm(matrix) + 1e-7)
    for _ in range(5):
        singular = 3.4445 * singular - 4.7750 * singular**3 + 2.0315 * singular**5
    return left @ np.diag(singular) @ right
