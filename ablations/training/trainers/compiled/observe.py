"""Observe a network between epochs: its activations on a probe batch, and its weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from ablations.study.layer_metrics import ACTIVATION_DEVIATION, ACTIVATION_MEAN, SATURATED_SHARE
from ablations.telemetry import tags
from ablations.telemetry.histograms import Buckets, linear_buckets
from ablations.training.trainers.compiled.features import Features, inputs_of, mapped
from ablations.training.trainers.compiled.measure import (
    dead_share,
    linear_counts,
    mean_and_deviation,
    saturated_share,
)
from ablations.training.trainers.compiled.preprocessing import Preprocess

PROBE_EXAMPLES = 200


@dataclass(frozen=True)
class Observation:
    """What was observed after one epoch."""

    histograms: Mapping[str, Buckets]
    """Tag → [K, 3]; tensors with a value that is not finite are left out."""
    dead_shares: Mapping[str, float]
    """Layer → share of its units that are zero on the whole probe batch."""
    activations: Mapping[str, Mapping[str, float]]
    """Layer → mean, deviation and, where its units can, share of them that saturate."""


class Observer:
    """The compiled observation of one model; it changes no variable and draws nothing at random."""

    def __init__(
        self,
        model: keras.Model,
        activations: Mapping[str, keras.KerasTensor],
        weights: Mapping[str, tf.Variable],
        saturation: Mapping[str, tuple[float, float]],
        preprocess: Preprocess,
    ) -> None:
        """``saturation`` is layer → outputs at or beyond which its units saturate."""
        self.layers, self.weights = list(activations), list(weights.values())
        self.preprocess = preprocess
        self.tags = [tags.activation_histogram(layer) for layer in activations]
        self.tags += [tags.weight_histogram(layer) for layer in weights]
        self.saturation = saturation
        self.probe = (
            keras.Model(inputs_of(model), list(activations.values())) if activations else None
        )
        self._compiled: Any = None

    def trace(self, features: Features) -> None:
        """Trace and optimize the program for a probe batch like this one."""
        measure = tf.function(self._measure, autograph=False)
        self._compiled = measure.get_concrete_function(mapped(tf.TensorSpec.from_tensor, features))
        self._compiled(features)

    def observe(self, features: Features) -> Observation:
        """Observe the network on ``features`` [B, …], a batch like the one traced."""
        counts, ranges, statistics = (part.numpy() for part in self._compiled(features))
        histograms = {
            tag: linear_buckets(counted, *limits)
            for tag, counted, limits in zip(self.tags, counts, ranges.tolist(), strict=True)
            if math.isfinite(limits[0]) and math.isfinite(limits[1])
        }
        of_layers = dict(zip(self.layers, statistics.tolist(), strict=True))
        return Observation(
            histograms,
            {layer: dead for layer, (dead, *_) in of_layers.items()},
            {layer: self._named(layer, rest) for layer, (_, *rest) in of_layers.items()},
        )

    def _named(self, layer: str, values: Sequence[float]) -> dict[str, float]:
        mean, deviation, saturated = values
        named = {ACTIVATION_MEAN: mean, ACTIVATION_DEVIATION: deviation}
        return {SATURATED_SHARE: saturated, **named} if layer in self.saturation else named

    def _measure(self, features: Features) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        signals = self._signals(features)
        tensors = [*signals, *self.weights]
        measured = [linear_counts(tf.convert_to_tensor(tensor)) for tensor in tensors]
        return (
            tf.stack([counts for counts, _, _ in measured]),
            tf.stack([tf.stack([least, greatest]) for _, least, greatest in measured]),
            tf.stack([self._statistics(*each) for each in zip(self.layers, signals, strict=True)])
            if signals
            else tf.zeros([0, 4]),
        )

    def _signals(self, features: Features) -> list[tf.Tensor]:
        """Return what each hidden layer gives; nothing where the network has none."""
        if self.probe is None:
            return []
        signals = self.probe(self.preprocess(features), training=False)
        signals = signals if isinstance(signals, (list, tuple)) else [signals]
        return [tf.cast(signal, tf.float32) for signal in signals]

    def _statistics(self, layer: str, signal: tf.Tensor) -> tf.Tensor:
        """Return the share of dead units, mean, deviation and the share of saturated units, [4]."""
        bounds = self.saturation.get(layer)
        saturated = tf.constant(0.0) if bounds is None else saturated_share(signal, bounds)
        return tf.stack([dead_share(signal), *mean_and_deviation(signal), saturated])
