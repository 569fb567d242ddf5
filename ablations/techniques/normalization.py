"""Normalization of a layer's weighted sums or of its activations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ablations.study.frozen import Positive, Share
from ablations.study.model_families import Normalization
from ablations.study.technique import Family, Live, LiveValues

if TYPE_CHECKING:
    import keras


class BatchNormalization(Normalization):
    """γ(z − μ)/√(σ² + ε) + β over the batch; for inference μ and σ² are moving averages.

    Ioffe and Szegedy 2015.  ``scale: false`` drops γ, which ReLU does not need.
    """

    name: Literal["batch_norm"] = "batch_norm"
    momentum: Live[Share] = 0.99
    """Share of the moving average that each step keeps."""
    epsilon: Positive = 1e-3
    scale: bool = True

    @property
    def has_scale(self) -> bool:
        return self.scale

    def layer(self, name: str, live: LiveValues) -> keras.Layer:
        from ablations.techniques.keras.batch_normalization import BatchNormalization

        momentum = self.values(live)["momentum"]
        return BatchNormalization(momentum, epsilon=self.epsilon, scale=self.scale, name=name)


class LayerNormalization(Normalization):
    """γ(z − μ)/√(σ² + ε) + β over the units of one example (Ba et al. 2016)."""

    name: Literal["layer_norm"] = "layer_norm"
    epsilon: Positive = 1e-3
    scale: bool = True

    @property
    def has_scale(self) -> bool:
        return self.scale

    def layer(self, name: str, live: LiveValues) -> keras.Layer:
        from ablations.techniques.keras.layer_normalization import layer_normalization

        return layer_normalization(self.epsilon, self.scale, name)


NORMALIZATIONS = Family(Normalization, (BatchNormalization, LayerNormalization))
