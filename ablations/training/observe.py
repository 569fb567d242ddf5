"""Look at a network between epochs: its activations on a probe batch, and its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablations.telemetry import tags
from ablations.telemetry.histograms import Buckets, linear_buckets
from ablations.training.measure import dead_share, linear_counts

PROBE_EXAMPLES = 200


@dataclass(frozen=True)
class Observation:
    """What one look saw."""

    histograms: Mapping[str, Buckets]
    """Tag → [K, 3]; tensors with a value that is not finite are left out."""
    dead_shares: Mapping[str, float]
    """Layer → share of its units that are zero on the whole probe batch."""


class Observer:
    """The compiled look at one model; it changes no variable and draws no random number."""

    def __init__(
        self,
        model: keras.Model,
        activations: Mapping[str, keras.KerasTensor],
        weights: Mapping[str, tf.Variable],
        scale: float,
    ) -> None:
        self.activation_layers, self.weights, self.scale = list(activations), weights, scale
        self.probe = keras.Model(model.inputs, list(activations.values()))
        self._compiled = tf.function(self._look, autograph=False)

    def trace(self, features: tf.Tensor) -> None:
        """Trace and optimize the program for a probe batch like this one."""
        self._compiled(features)

    def look(self, features: tf.Tensor) -> Observation:
        """Observe the network as it answers ``features`` [B, …]."""
        counts, ranges, dead = (part.numpy() for part in self._compiled(features))
        names = [tags.activation_histogram(layer) for layer in self.activation_layers]
        names += [tags.weight_histogram(layer) for layer in self.weights]
        histograms = {
            name: linear_buckets(counted, *limits)
            for name, counted, limits in zip(names, counts, _pairs(ranges), strict=True)
            if np.isfinite(limits).all()
        }
        return Observation(
            histograms, dict(zip(self.activation_layers, dead.tolist(), strict=True))
        )

    def _look(self, features: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        signals = self.probe(tf.cast(features, tf.float32) * self.scale, training=False)
        signals = signals if isinstance(signals, (list, tuple)) else [signals]
        tensors = [*signals, *self.weights.values()]
        measured = [linear_counts(tf.convert_to_tensor(tensor)) for tensor in tensors]
        return (
            tf.stack([counts for counts, _, _ in measured]),
            tf.stack([tf.stack([least, greatest]) for _, least, greatest in measured]),
            tf.stack([dead_share(signal) for signal in signals]),
        )


def _pairs(ranges: NDArray[np.float32]) -> list[tuple[float, float]]:
    return [(float(least), float(greatest)) for least, greatest in ranges]
