"""Observe a network between epochs: its activations on a probe batch, and its weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from ablations.telemetry import tags
from ablations.telemetry.histograms import Buckets, linear_buckets
from ablations.training.trainers.compiled.measure import dead_share, linear_counts
from ablations.training.trainers.compiled.preprocessing import Preprocessing

PROBE_EXAMPLES = 200


@dataclass(frozen=True)
class Observation:
    """What was observed after one epoch."""

    histograms: Mapping[str, Buckets]
    """Tag → [K, 3]; tensors with a value that is not finite are left out."""
    dead_shares: Mapping[str, float]
    """Layer → share of its units that are zero on the whole probe batch."""


class Observer:
    """The compiled observation of one model; it changes no variable and draws nothing at random."""

    def __init__(
        self,
        model: keras.Model,
        activations: Mapping[str, keras.KerasTensor],
        weights: Mapping[str, tf.Variable],
        preprocess: Preprocessing,
    ) -> None:
        self.layers, self.weights = list(activations), list(weights.values())
        self.preprocess = preprocess
        self.tags = [tags.activation_histogram(layer) for layer in activations]
        self.tags += [tags.weight_histogram(layer) for layer in weights]
        self.probe = keras.Model(model.inputs, list(activations.values()))
        self._compiled: Any = None

    def trace(self, features: tf.Tensor) -> None:
        """Trace and optimize the program for a probe batch like this one."""
        measure = tf.function(self._measure, autograph=False)
        self._compiled = measure.get_concrete_function(tf.TensorSpec.from_tensor(features))
        self._compiled(features)

    def observe(self, features: tf.Tensor) -> Observation:
        """Observe the network on ``features`` [B, …], a batch like the one traced."""
        counts, ranges, dead = (part.numpy() for part in self._compiled(features))
        histograms = {
            tag: linear_buckets(counted, *limits)
            for tag, counted, limits in zip(self.tags, counts, ranges.tolist(), strict=True)
            if math.isfinite(limits[0]) and math.isfinite(limits[1])
        }
        return Observation(histograms, dict(zip(self.layers, dead.tolist(), strict=True)))

    def _measure(self, features: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        signals = self.probe(self.preprocess(features), training=False)
        signals = signals if isinstance(signals, (list, tuple)) else [signals]
        tensors = [*signals, *self.weights]
        measured = [linear_counts(tf.convert_to_tensor(tensor)) for tensor in tensors]
        return (
            tf.stack([counts for counts, _, _ in measured]),
            tf.stack([tf.stack([least, greatest]) for _, least, greatest in measured]),
            tf.stack([dead_share(signal) for signal in signals]),
        )
