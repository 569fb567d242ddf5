"""Activations, z to output, written from their definitions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Array = NDArray[np.float64]


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def tanh(z: Array) -> Array:
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))


def relu(z: Array) -> Array:
    return np.maximum(0, z)


def leaky_relu(z: Array, negative_slope: float = 0.01) -> Array:
    return np.maximum(negative_slope * z, z)


def elu(z: Array, alpha: float = 1.0) -> Array:
    return np.where(z > 0, z, alpha * (np.exp(z) - 1))


def selu(z: Array) -> Array:
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    return scale * np.where(z > 0, z, alpha * (np.exp(z) - 1))


def celu(z: Array, alpha: float = 1.0) -> Array:
    return np.maximum(0, z) + np.minimum(0, alpha * (np.exp(z / alpha) - 1))


def gelu(z: Array, approximate: bool = False) -> Array:
    if approximate:
        return 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return z * 0.5 * (1 + erf(z / np.sqrt(2)))


def softplus(z: Array) -> Array:
    return np.log(1 + np.exp(z))


def hard_sigmoid(z: Array) -> Array:
    return np.minimum(np.maximum(z / 6 + 0.5, 0), 1)


def _between(z: Array, inside: Array, above: Array) -> Array:
    return np.where(z <= -1, 0.0, np.where(z >= 1, above, inside))


ORACLES: dict[str, Callable[..., Array]] = {
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "rrelu": lambda z, lower=1 / 8, upper=1 / 3: leaky_relu(z, (lower + upper) / 2),
    "prelu": lambda z, start=0.25: leaky_relu(z, start),
    "elu": elu,
    "selu": selu,
    "celu": celu,
    "gelu": gelu,
    "silu": lambda z: z * sigmoid(z),
    "mish": lambda z: z * np.tanh(softplus(z)),
    "linear": lambda z: z,
    "exponential": np.exp,
    "relu6": lambda z: np.minimum(np.maximum(0, z), 6),
    "softplus": softplus,
    "softsign": lambda z: z / (1 + np.abs(z)),
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": lambda z: z * hard_sigmoid(z),
    "hard_tanh": lambda z: np.minimum(np.maximum(z, -1), 1),
    "hard_shrink": lambda z, threshold=0.5: np.where(np.abs(z) > threshold, z, 0),
    "soft_shrink": lambda z, threshold=0.5: np.sign(z) * np.maximum(np.abs(z) - threshold, 0),
    "squareplus": lambda z, b=4.0: (z + np.sqrt(z**2 + b)) / 2,
    "log_sigmoid": lambda z: -np.log(1 + np.exp(-z)),
    "sparse_plus": lambda z: _between(z, (z + 1) ** 2 / 4, z),
    "sparse_sigmoid": lambda z: _between(z, (z + 1) / 2, np.ones_like(z)),
    "tanh_shrink": lambda z: z - np.tanh(z),
}
"""Each activation in testing, by name; parameters by keyword."""
