"""Gradient clipping.  Norm clipping keeps the direction of a gradient, value clipping turns it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from ablations.study.families import Clipping
from ablations.study.frozen import Positive
from ablations.study.protocols import Clipper
from ablations.study.technique import Family, Live, LiveValues

if TYPE_CHECKING:
    import keras


class ByValue(Clipping):
    """Every component to [−c, c]."""

    name: Literal["by_value"] = "by_value"

    def build(self, weights: Sequence[keras.Variable], live: LiveValues) -> Clipper:
        from ablations.techniques.keras.clipping import ByValue

        return ByValue(self.values(live)["threshold"])


class ByNorm(Clipping):
    """Each variable's gradient g to g · min(1, c/‖g‖₂)."""

    name: Literal["by_norm"] = "by_norm"

    def build(self, weights: Sequence[keras.Variable], live: LiveValues) -> Clipper:
        from ablations.techniques.keras.clipping import ByNorm

        return ByNorm(self.values(live)["threshold"])


class ByGlobalNorm(Clipping):
    """All gradients times min(1, c/‖(g₁, g₂, …)‖₂) (Pascanu et al. 2013)."""

    name: Literal["by_global_norm"] = "by_global_norm"

    def build(self, weights: Sequence[keras.Variable], live: LiveValues) -> Clipper:
        from ablations.techniques.keras.clipping import ByGlobalNorm

        return ByGlobalNorm(self.values(live)["threshold"])


class Adaptive(Clipping):
    """Each unit's gradient g to g · min(1, λ max(‖w‖₂, ε)/‖g‖₂), w its weights (Brock et al. 2021).

    The norms are over the incoming weights of a unit, over all components of a bias or a scale.
    λ is ``threshold``; the paper takes 0.01 for batches of 4096 and larger values for smaller ones.
    """

    name: Literal["adaptive"] = "adaptive"
    threshold: Live[Positive] = 0.01
    """λ."""
    epsilon: Live[Positive] = 1e-3
    """The least norm that weights count with, so that weights at zero can grow."""
    last_layer: bool = False
    """Whether the layer of the logits is clipped too; the paper leaves it out."""

    def build(self, weights: Sequence[keras.Variable], live: LiveValues) -> Clipper:
        from ablations.techniques.keras.adaptive_clipping import AdaptiveClipping

        values = self.values(live)
        return AdaptiveClipping(weights, values["threshold"], values["epsilon"], self.last_layer)


CLIPPINGS = Family(
    Clipping,
    (ByValue, ByNorm, ByGlobalNorm, Adaptive),
    aliases={
        "clipvalue": "by_value",
        "clipnorm": "by_norm",
        "global_clipnorm": "by_global_norm",
        "value": "by_value",
        "norm": "by_norm",
        "global_norm": "by_global_norm",
        "agc": "adaptive",
    },
)
