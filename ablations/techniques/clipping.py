"""Gradient clipping.  Norm clipping keeps the direction of a gradient, value clipping turns it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ablations.study.technique import Family, Positive, Technique

if TYPE_CHECKING:
    import tensorflow as tf


class Clipping(Technique):
    """A rule that bounds the gradients of one step."""

    live = ("threshold",)
    threshold: Positive = 1.0

    def clip(self, gradients: list[tf.Tensor]) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Return the clipped gradients and whether any was changed, a boolean scalar."""
        raise NotImplementedError


class ByValue(Clipping):
    """Every component to [−c, c]."""

    name: Literal["by_value"] = "by_value"

    def clip(self, gradients: list[tf.Tensor]) -> tuple[list[tf.Tensor], tf.Tensor]:
        import tensorflow as tf

        largest = tf.reduce_max([tf.reduce_max(tf.abs(gradient)) for gradient in gradients])
        clipped = [tf.clip_by_value(g, -self.threshold, self.threshold) for g in gradients]
        return clipped, largest > self.threshold


class ByNorm(Clipping):
    """Each variable's gradient g to g · min(1, c/‖g‖₂)."""

    name: Literal["by_norm"] = "by_norm"

    def clip(self, gradients: list[tf.Tensor]) -> tuple[list[tf.Tensor], tf.Tensor]:
        import tensorflow as tf

        norms = [tf.norm(gradient) for gradient in gradients]
        clipped = [
            gradient * (self.threshold / tf.maximum(norm, self.threshold))
            for gradient, norm in zip(gradients, norms, strict=True)
        ]
        return clipped, tf.reduce_max(norms) > self.threshold


class ByGlobalNorm(Clipping):
    """All gradients times min(1, c/‖(g₁, g₂, …)‖₂) (Pascanu et al. 2013)."""

    name: Literal["by_global_norm"] = "by_global_norm"

    def clip(self, gradients: list[tf.Tensor]) -> tuple[list[tf.Tensor], tf.Tensor]:
        import tensorflow as tf

        norm = tf.linalg.global_norm(gradients)
        factor = self.threshold / tf.maximum(norm, self.threshold)
        return [gradient * factor for gradient in gradients], norm > self.threshold


CLIPPINGS = Family(
    "clipping",
    (ByValue, ByNorm, ByGlobalNorm),
    aliases={
        "clipvalue": "by_value",
        "clipnorm": "by_norm",
        "global_clipnorm": "by_global_norm",
        "value": "by_value",
        "norm": "by_norm",
        "global_norm": "by_global_norm",
    },
)
