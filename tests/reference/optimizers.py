"""Optimizers, one number or array at a time.  ``step`` returns the weights after gradient g.

Where Keras's convention differs from the literature's the docstring names the difference.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def descend(
    rule: Rule, gradient: Callable[[Array], Array], start: Array, steps: int
) -> list[Array]:
    """Return the weights after each step."""
    weights, trace = np.asarray(start, np.float64), []
    for _ in range(steps):
        weights = rule.step(weights, gradient(weights))
        trace.append(weights)
    return trace


class Rule:
    """An optimizer of one array, with its state."""

    def __init__(self, learning_rate: float) -> None:
        self.rate, self.t = learning_rate, 0
        self.m: Array = np.float64(0)
        self.v: Array = np.float64(0)

    def step(self, w: Array, g: Array) -> Array:
        raise NotImplementedError


class SGD(Rule):
    """w − ηg; with β: v ← βv − ηg and w + v; Nesterov: w + βv − ηg."""

    def __init__(self, learning_rate: float, beta: float = 0.0, nesterov: bool = False) -> None:
        super().__init__(learning_rate)
        self.beta, self.nesterov = beta, nesterov

    def step(self, w: Array, g: Array) -> Array:
        self.v = self.beta * self.v - self.rate * g
        return w + (self.beta * self.v - self.rate * g if self.nesterov else self.v)


class Adagrad(Rule):
    """Keras: the sum of squares starts at 0.1 and ε stands inside the root."""

    def __init__(self, learning_rate: float, start: float = 0.1, epsilon: float = 1e-7) -> None:
        super().__init__(learning_rate)
        self.s, self.epsilon = start, epsilon

    def step(self, w: Array, g: Array) -> Array:
        self.s = self.s + g**2
        return w - self.rate * g / np.sqrt(self.s + self.epsilon)


class Adadelta(Rule):
    """Zeiler 2012, with Keras's learning rate in front of the step."""

    def __init__(self, learning_rate: float, rho: float = 0.95, epsilon: float = 1e-7) -> None:
        super().__init__(learning_rate)
        self.rho, self.epsilon = rho, epsilon

    def step(self, w: Array, g: Array) -> Array:
        self.v = self.rho * self.v + (1 - self.rho) * g**2
        delta = -np.sqrt(self.m + self.epsilon) / np.sqrt(self.v + self.epsilon) * g
        self.m = self.rho * self.m + (1 - self.rho) * delta**2
        return w + self.rate * delta


class RMSprop(Rule):
    """s ← ρs + (1 − ρ)g², from ``start``; centred: s minus the square of g's running mean."""

    def __init__(
        self,
        learning_rate: float,
        rho: float = 0.9,
        momentum: float = 0.0,
        centered: bool = False,
        epsilon: float = 1e-7,
        start: float = 0.0,
    ) -> None:
        super().__init__(learning_rate)
        self.v = np.float64(start)
        self.rho, self.beta, self.centered, self.epsilon = rho, momentum, centered, epsilon
        self.velocity: Array = np.float64(0)

    def step(self, w: Array, g: Array) -> Array:
        self.v = self.rho * self.v + (1 - self.rho) * g**2
        self.m = self.rho * self.m + (1 - self.rho) * g
        variance = self.v - self.m**2 if self.centered else self.v
        increment = self.rate * g / np.sqrt(variance + self.epsilon)
        self.velocity = self.beta * self.velocity + increment
        return w - self.velocity


class Adam(Rule):
    """Kingma and Ba 2015, the form before their section 2.1: ε is added to the raw √v.

    ``decay`` is AdamW's decoupled η·λ·w, taken off before the step; ``amsgrad`` keeps the
    greatest v (Reddi et al. 2018).
    """

    def __init__(
        self,
        learning_rate: float,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        decay: float = 0.0,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(learning_rate)
        self.b1, self.b2, self.epsilon, self.decay = beta_1, beta_2, epsilon, decay
        self.amsgrad, self.greatest = amsgrad, np.float64(0)

    def step(self, w: Array, g: Array) -> Array:
        self.t += 1
        w = w - self.rate * self.decay * w
        self.m = self.b1 * self.m + (1 - self.b1) * g
        self.v = self.b2 * self.v + (1 - self.b2) * g**2
        self.greatest = np.maximum(self.greatest, self.v)
        v = self.greatest if self.amsgrad else self.v
        rate = self.rate * np.sqrt(1 - self.b2**self.t) / (1 - self.b1**self.t)
        return w - rate * self.m / (np.sqrt(v) + self.epsilon)


class Adamax(Adam):
    """Kingma and Ba 2015, section 7.1, with Keras's ε beside the maximum."""

    def step(self, w: Array, g: Array) -> Array:
        self.t += 1
        self.m = self.b1 * self.m + (1 - self.b1) * g
        self.v = np.maximum(self.b2 * self.v, np.abs(g))
        return w - self.rate / (1 - self.b1**self.t) * self.m / (self.v + self.epsilon)


class Nadam(Adam):
    """Dozat 2016 with μₜ = β₁(1 − 0.96ᵗ/2)."""

    product = 1.0

    def step(self, w: Array, g: Array) -> Array:
        self.t += 1
        now = self.b1 * (1 - 0.5 * 0.96**self.t)
        after = self.b1 * (1 - 0.5 * 0.96 ** (self.t + 1))
        self.product *= now
        self.m = self.b1 * self.m + (1 - self.b1) * g
        self.v = self.b2 * self.v + (1 - self.b2) * g**2
        m_hat = after * self.m / (1 - self.product * after) + (1 - now) * g / (1 - self.product)
        v_hat = self.v / (1 - self.b2**self.t)
        return w - self.rate * m_hat / (np.sqrt(v_hat) + self.epsilon)


class Lion(Adam):
    """Chen et al. 2023: the sign of one mean moves, the other is remembered."""

    def step(self, w: Array, g: Array) -> Array:
        moved = w - self.rate * np.sign(self.b1 * self.m + (1 - self.b1) * g)
        self.m = self.b2 * self.m + (1 - self.b2) * g
        return moved


class ScheduleFreeAdamW(Adam):
    """Defazio et al. 2024: z moves by RMSprop's debiased step, x is the mean of all z so far.

    The weights are y = (1 − β₁)z + β₁x.
    """

    def step(self, w: Array, g: Array) -> Array:
        self.t += 1
        if self.t == 1:
            self.z = self.x = w
        self.v = self.b2 * self.v + (1 - self.b2) * g**2
        v_hat = self.v / (1 - self.b2**self.t)
        self.z = self.z - self.rate * g / (np.sqrt(v_hat) + self.epsilon)
        self.x = self.x + (self.z - self.x) / self.t
        return (1 - self.b1) * self.z + self.b1 * self.x


class Lamb(Adam):
    """You et al. 2019: Adam's step scaled to the norm of the array's weights."""

    def step(self, w: Array, g: Array) -> Array:
        self.t += 1
        self.m = self.b1 * self.m + (1 - self.b1) * g
        self.v = self.b2 * self.v + (1 - self.b2) * g**2
        m_hat, v_hat = self.m / (1 - self.b1**self.t), self.v / (1 - self.b2**self.t)
        update = m_hat / (np.sqrt(v_hat) + self.epsilon)
        trust = np.linalg.norm(w) / np.linalg.norm(update)
        return w - self.rate * trust * update


class FTRL(Rule):
    """McMahan et al. 2013, algorithm 1, the weights solved anew from z at every step.

    n starts at 0.1 and the paper's λ₂ is twice Keras's ``l2``:
    w = −(z − sign(z)λ₁) / (√n/η + λ₂) where |z| > λ₁, else 0.
    """

    def __init__(self, learning_rate: float, l1: float = 0.0, l2: float = 0.0) -> None:
        super().__init__(learning_rate)
        self.l1, self.lambda_2 = l1, 2 * l2
        self.n: Array = np.float64(0.1)
        self.z: Array = np.float64(0)

    def step(self, w: Array, g: Array) -> Array:
        n = self.n + g**2
        sigma = (np.sqrt(n) - np.sqrt(self.n)) / self.rate
        self.z, self.n = self.z + g - sigma * w, n
        solved = -(self.z - np.sign(self.z) * self.l1) / (np.sqrt(n) / self.rate + self.lambda_2)
        return np.where(np.abs(self.z) > self.l1, solved, 0.0)
