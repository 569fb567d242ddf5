"""Recurrent and convolutional networks forward in NumPy, a step and a place at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def logistic(z: Array) -> Array:
    """1 / (1 + e⁻ᶻ)."""
    return 1 / (1 + np.exp(-z))


def simple_cell(w: Sequence[Array], x: Array, states: list[Array]) -> list[Array]:
    """New state: tanh(xW + hU + b)."""
    return [np.tanh(x @ w[0] + states[0] @ w[1] + w[2])]


def lstm_cell(w: Sequence[Array], x: Array, states: list[Array]) -> list[Array]:
    """Gates input, forget, candidate, output: c ← f·c + i·g, h ← o·tanh(c)."""
    h, c = states
    i, f, g, o = np.split(x @ w[0] + h @ w[1] + w[2], 4, axis=1)
    c = logistic(f) * c + logistic(i) * np.tanh(g)
    return [logistic(o) * np.tanh(c), c]


def gru_cell(w: Sequence[Array], x: Array, states: list[Array]) -> list[Array]:
    """Gates update, reset, candidate, the reset behind the product: h ← z·h + (1 − z)·g."""
    h = states[0]
    z, r, g = np.split(x @ w[0] + w[2][0], 3, axis=1)
    hz, hr, hg = np.split(h @ w[1] + w[2][1], 3, axis=1)
    z, r = logistic(z + hz), logistic(r + hr)
    return [z * h + (1 - z) * np.tanh(g + r * hg)]


CELLS: dict[str, tuple[Callable[..., list[Array]], int]] = {
    "simple": (simple_cell, 1),
    "lstm": (lstm_cell, 2),
    "gru": (gru_cell, 1),
}
"""Name → step and number of states."""


def rnn(weights: Sequence[Array], x: Array, cell: str) -> Array:
    """Logits of recurrent layers, three weights each, then a dense one; ``x`` is [B, T, D]."""
    step, count = CELLS[cell]
    for layer in range(len(weights) // 3):
        w = weights[3 * layer : 3 * layer + 3]
        states, outputs = [np.zeros((len(x), w[1].shape[0]))] * count, []
        for time in range(x.shape[1]):
            states = step(w, x[:, time], states)
            outputs.append(states[0])
        x = np.stack(outputs, axis=1)
    return x[:, -1] @ weights[-2] + weights[-1]


def convolve(kernel: Array, bias: Array, x: Array) -> Array:
    """Convolution of [B, R, C, D] with a kernel [k, k, D, F], k odd, the border padded by zeros."""
    around = kernel.shape[0] // 2
    padded = np.pad(x, ((0, 0), (around, around), (around, around), (0, 0)))
    out = np.zeros((*x.shape[:3], kernel.shape[3]))
    for row, column in np.ndindex(x.shape[1:3]):
        seen = padded[:, row : row + kernel.shape[0], column : column + kernel.shape[1]]
        out[:, row, column] = np.tensordot(seen, kernel, 3) + bias
    return out


def pool(x: Array, size: int) -> Array:
    """The largest of each size × size places; what fills no whole pool is dropped."""
    rows, columns = x.shape[1] // size, x.shape[2] // size
    x = x[:, : rows * size, : columns * size]
    return x.reshape(len(x), rows, size, columns, size, -1).max(axis=(2, 4))


def cnn(weights: Sequence[Array], x: Array, convolutions: int, size: int) -> Array:
    """Logits of convolutions with ReLU and pooling, then dense layers with ReLU between them."""
    pairs = list(zip(weights[::2], weights[1::2], strict=True))
    for kernel, bias in pairs[:convolutions]:
        x = pool(np.maximum(convolve(kernel, bias, x), 0), size)
    x = x.reshape(len(x), -1)
    for kernel, bias in pairs[convolutions:-1]:
        x = np.maximum(x @ kernel + bias, 0)
    return x @ pairs[-1][0] + pairs[-1][1]
