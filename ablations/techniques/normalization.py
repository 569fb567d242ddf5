"""Normalization of a layer's weighted sums or of its activations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ablations.study.technique import Family, Positive, Share, Technique

if TYPE_CHECKING:
    import keras


class Normalization(Technique):
    """What all normalizations share: where they stand."""

    position: Literal["before", "after"] = "before"
    """Before the activation, where it also replaces the dense layer's bias, or after it."""
    on_logits: bool = False
    """Normalize the outputs too."""

    def layer(self, name: str) -> keras.Layer:
        """Return the Keras layer."""
        raise NotImplementedError


class BatchNormalization(Normalization):
    """γ(z − μ)/√(σ² + ε) + β over the batch; in testing μ and σ² are moving averages.

    Ioffe and Szegedy 2015.  ``scale: false`` drops γ, which ReLU does not need.
    """

    name: Literal["batch_norm"] = "batch_norm"
    momentum: Share = 0.99
    """Share of the moving average that each step keeps."""
    epsilon: Positive = 1e-3
    scale: bool = True

    def layer(self, name: str) -> keras.Layer:
        from ablations.techniques.keras import batch_normalization as lean_batch_normalization

        return lean_batch_normalization.BatchNormalization(
            momentum=self.momentum, epsilon=self.epsilon, scale=self.scale, name=name
        )


class LayerNormalization(Normalization):
    """γ(z − μ)/√(σ² + ε) + β over the units of one example (Ba et al. 2016)."""

    name: Literal["layer_norm"] = "layer_norm"
    epsilon: Positive = 1e-3
    scale: bool = True

    def layer(self, name: str) -> keras.Layer:
        import keras

        return keras.layers.LayerNormalization(epsilon=self.epsilon, scale=self.scale, name=name)


NORMALIZATIONS = Family("normalization", (BatchNormalization, LayerNormalization))
