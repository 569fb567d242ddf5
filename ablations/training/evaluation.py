"""Loss and accuracy over a split, compiled; and how fast the network answers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

CHUNK = 1000  # examples evaluated at once
TIMED_EXAMPLES = 1000
TIMED_REPEATS = 7


@dataclass(frozen=True)
class Split:
    """Examples on the device: features [N, …] as stored, labels [N]."""

    features: tf.Tensor
    labels: tf.Tensor

    @classmethod
    def of(cls, features: NDArray[np.generic], labels: NDArray[np.int32]) -> Split:
        """Put arrays on the device."""
        return cls(tf.constant(features), tf.constant(labels))

    def first(self, count: int) -> tf.Tensor:
        """Return the features of the first examples."""
        return self.features[:count]


class Evaluation:
    """The compiled evaluation of one model."""

    def __init__(self, model: keras.Model, scale: float, stored: tf.DType) -> None:
        self.model, self.scale, self.stored = model, scale, stored

    @cached_property
    def _totals(self) -> Any:
        labels = tf.TensorSpec([None], tf.int32)
        return tf.function(self._sum, autograph=False).get_concrete_function(self._inputs, labels)

    @cached_property
    def _answer(self) -> Any:
        return tf.function(self._logits, autograph=False).get_concrete_function(self._inputs)

    @property
    def _inputs(self) -> tf.TensorSpec:
        return tf.TensorSpec([None, *self.model.input_shape[1:]], self.stored)

    def trace(self, split: Split) -> None:
        """Trace and optimize the program by a split without examples."""
        self._totals(split.features[:0], split.labels[:0])

    def run(self, split: Split) -> tuple[float, float]:
        """Return mean loss and accuracy, summed in double precision."""
        loss, hits = self._totals(split.features, split.labels)
        count = len(split.labels)
        return float(loss) / count, float(hits) / count

    def microseconds_per_sample(self, split: Split) -> float:
        """Return the median time of a forward pass over some examples, divided by their number."""
        features = split.first(TIMED_EXAMPLES)
        seconds = []
        for _ in range(TIMED_REPEATS):
            started = time.perf_counter()
            self._answer(features).numpy()
            seconds.append(time.perf_counter() - started)
        return float(np.median(seconds)) * 1e6 / len(features)

    def graph(self) -> bytes:
        """Return the forward pass as a serialized ``GraphDef``, its layers named."""
        definition = self._answer.graph.as_graph_def(add_shapes=True)
        for node in definition.node:
            node.name = self._layer_scopes(node.name)
            node.input[:] = [self._layer_scopes(name) for name in node.input]
        content: bytes = definition.SerializeToString()
        return content

    def _layer_scopes(self, name: str) -> str:
        """Undo Keras's numbering of a scope that it opened before: hidden1_1 is layer hidden1."""
        own = {f"{layer.name}_1": layer.name for layer in (self.model, *self.model.layers)}
        return "/".join(own.get(part, part) for part in name.split("/"))

    def _logits(self, features: tf.Tensor) -> tf.Tensor:
        with tf.name_scope("scale_features"):
            scaled = tf.cast(features, tf.float32) * self.scale
        return self.model(scaled, training=False)

    def _sum(self, features: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        examples = tf.shape(labels)[0]

        def body(
            start: tf.Tensor, loss: tf.Tensor, hits: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            wanted = labels[start : start + CHUNK]
            logits = self._logits(features[start : start + CHUNK])
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(wanted, logits)
            right = tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), wanted)
            loss += tf.reduce_sum(tf.cast(losses, tf.float64))
            return start + CHUNK, loss, hits + tf.math.count_nonzero(right)

        zero = (tf.constant(0), tf.constant(0.0, tf.float64), tf.constant(0, tf.int64))
        _, loss, hits = tf.while_loop(lambda start, *_: start < examples, body, zero)
        return loss, hits
