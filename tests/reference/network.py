"""A multilayer perceptron forward and backward, and a training loop over it, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tests.reference import clipping, moving_average, regularization
from tests.reference.optimizers import Rule

Array = NDArray[np.float64]

ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "elu": (
        lambda z: np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1),
        lambda z: np.where(z > 0, 1.0, np.exp(np.minimum(z, 0))),
    ),
    "sigmoid": (
        lambda z: 1 / (1 + np.exp(-z)),
        lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
    ),
}
"""Name → activation and its derivative."""


def forward(weights: Sequence[Array], x: Array, activation: str) -> list[tuple[Array, Array]]:
    """Return (input, weighted sum) of every layer; the last sum is the logits.

    ``weights`` is kernel, bias, kernel, bias, …
    """
    layers, function = [], ACTIVATIONS[activation][0]
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        z = x @ kernel + bias
        layers.append((x, z))
        x = function(z)
    return layers


def probabilities(logits: Array) -> Array:
    """Softmax over the last axis."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def loss_and_accuracy(logits: Array, labels: NDArray[np.integer]) -> tuple[float, float]:
    """Return the mean cross-entropy and the share of right answers."""
    chosen = probabilities(logits)[np.arange(len(labels)), labels]
    return float(-np.log(chosen).mean()), float((logits.argmax(axis=1) == labels).mean())


def gradients(
    weights: Sequence[Array], x: Array, labels: NDArray[np.integer], activation: str
) -> tuple[float, float, list[Array]]:
    """Return loss, accuracy and the gradient of the loss by every weight (backpropagation)."""
    layers = forward(weights, x, activation)
    logits = layers[-1][1]
    loss, accuracy = loss_and_accuracy(logits, labels)
    delta = probabilities(logits)
    delta[np.arange(len(labels)), labels] -= 1
    delta /= len(labels)
    found: list[Array] = []
    for number in range(len(layers) - 1, -1, -1):
        inputs, _ = layers[number]
        found = [inputs.T @ delta, delta.sum(axis=0), *found]
        if number:
            derivative = ACTIVATIONS[activation][1](layers[number - 1][1])
            delta = (delta @ weights[2 * number].T) * derivative
    return loss, accuracy, found


@dataclass
class Replay:
    """What a training in NumPy did."""

    weights: list[Array]
    shadows: list[Array]
    steps: list[tuple[float, float, float, float, float]] = field(default_factory=list)
    """Loss, accuracy, whether clipping changed the gradient, its norm before and after."""
    gradients: list[list[Array]] = field(default_factory=list)
    """Of each step, before clipping."""


def train(
    start: Sequence[Array],
    batches: Sequence[tuple[Array, NDArray[np.integer]]],
    activation: str,
    make_rule: Callable[[], Rule],
    clip: tuple[str, float] | None = None,
    decay: tuple[float, bool] | None = None,
    rates: Sequence[float] | None = None,
    penalty: tuple[float, float] = (0.0, 0.0),
    limit: tuple[float, int] | None = None,
) -> Replay:
    """Train on the batches in order.

    ``decay`` is the moving average's (decay, ramp), ``rates`` are the learning rates of the steps,
    ``penalty`` is (λ₁, λ₂) of the kernels, ``limit`` is max-norm's (r, axis).
    """
    weights = [np.asarray(weight, np.float64) for weight in start]
    replay = Replay(weights, list(weights))
    rules = [make_rule() for _ in weights]
    for number, (x, labels) in enumerate(batches, start=1):
        loss, accuracy, raw = gradients(replay.weights, x, labels, activation)
        for place in range(0, len(raw), 2):  # kernels; the biases between are left alone
            raw[place] = raw[place] + regularization.slope(replay.weights[place], *penalty)
        for rule in rules if rates is not None else ():
            rule.rate = rates[number - 1]
        used, changed = clipping.RULES[clip[0]](raw, clip[1]) if clip else (raw, False)
        norms = clipping.global_norm(raw), clipping.global_norm(used)
        pairs = zip(rules, replay.weights, used, strict=True)
        replay.weights = [rule.step(weight, gradient) for rule, weight, gradient in pairs]
        if limit:
            for place in range(0, len(raw), 2):
                replay.weights[place] = regularization.max_norm(replay.weights[place], *limit)
        if decay:
            d = moving_average.decay_at(*decay, number)
            pairs = zip(replay.shadows, replay.weights, strict=True)
            replay.shadows = [d * shadow + (1 - d) * weight for shadow, weight in pairs]
        replay.steps.append((loss, accuracy, float(changed), *norms))
        replay.gradients.append(raw)
    return replay
