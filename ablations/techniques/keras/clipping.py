"""Clipping by value, by norm and by global norm."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


class Stateless:
    """A clipping rule that remembers nothing from step to step."""

    @property
    def state(self) -> list[tf.Variable]:
        """No variables."""
        return []

    def reset(self) -> None:
        """Do nothing."""


class ByValue(Stateless):
    """Every component to [−c, c]."""

    def __init__(self, threshold: float | tf.Variable) -> None:
        self.threshold = threshold

    def clip(self, gradients: list[tf.Tensor]) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Return the clipped gradients and whether any was changed."""
        clipped = [tf.clip_by_value(g, -self.threshold, self.threshold) for g in gradients]
        return clipped, _largest(gradients) > self.threshold


class ByNorm(Stateless):
    """Each gradient g to g · min(1, c/‖g‖₂)."""

    def __init__(self, threshold: float | tf.Variable) -> None:
        self.threshold = threshold

    def clip(self, gradients: list[tf.Tensor]) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Return the clipped gradients and whether any was changed."""
        norms = [tf.norm(gradient) for gradient in gradients]
        greatest = tf.reduce_max(tf.stack(norms))

        def plain() -> list[tf.Tensor]:
            return [
                gradient * (self.threshold / tf.maximum(norm, self.threshold))
                for gradient, norm in zip(gradients, norms, strict=True)
            ]

        def scaled() -> list[tf.Tensor]:
            return [_scaled([gradient], self.threshold)[0] for gradient in gradients]

        clipped = tf.cond(tf.math.is_inf(greatest), scaled, plain)
        return clipped, greatest > self.threshold


class ByGlobalNorm(Stateless):
    """All gradients times min(1, c/‖(g₁, g₂, …)‖₂)."""

    def __init__(self, threshold: float | tf.Variable) -> None:
        self.threshold = threshold

    def clip(self, gradients: list[tf.Tensor]) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Return the clipped gradients and whether they were changed."""
        norm = tf.linalg.global_norm(gradients)

        def plain() -> list[tf.Tensor]:
            factor = self.threshold / tf.maximum(norm, self.threshold)
            return [gradient * factor for gradient in gradients]

        def scaled() -> list[tf.Tensor]:
            return _scaled(gradients, self.threshold)

        return tf.cond(tf.math.is_inf(norm), scaled, plain), norm > self.threshold


def _scaled(gradients: list[tf.Tensor], threshold: Any) -> list[tf.Tensor]:
    """Return gradients · min(1, c/‖gradients‖₂) where the squares may overflow float32.

    From components of about 1.8e19 on, a plain norm is infinite and the step would be zero; so
    the gradients g are divided by their largest component m first: ‖g‖ = m ‖g/m‖.
    """
    scale = tf.maximum(_largest(gradients), 1.0)
    units = [gradient / scale for gradient in gradients]
    factor = tf.minimum(scale, threshold / tf.linalg.global_norm(units))
    return [unit * factor for unit in units]


def _largest(gradients: list[tf.Tensor]) -> tf.Tensor:
    """Return the largest absolute component of all gradients, a scalar."""
    return tf.reduce_max(tf.stack([tf.reduce_max(tf.abs(gradient)) for gradient in gradients]))
