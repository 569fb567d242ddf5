"""Loss and accuracy over a split, compiled; and the time of inference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablations.study.protocols import Objective
from ablations.techniques.keras.dropout import sampling
from ablations.techniques.keras.objectives import cross_entropy
from ablations.training.trainers.compiled.preprocessing import Preprocessing
from ablations.training.trainers.compiled.timing import least_seconds

CHUNK = 1000  # examples evaluated at once
TIMED_EXAMPLES = 1000


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

    def __init__(
        self,
        model: keras.Model,
        preprocess: Preprocessing,
        objective: Objective = cross_entropy,
    ) -> None:
        self.model, self.preprocess, self.objective = model, preprocess, objective
        self._concrete: dict[str, Any] = {}

    def trace(self, split: Split) -> None:
        """Trace and optimize the program for splits like this one, by a split without examples."""
        self._totals(split)(split.features[:0], split.labels[:0])

    def run(self, split: Split) -> tuple[float, float]:
        """Return mean loss and accuracy, summed in double precision."""
        loss, accuracy, _ = self.run_each(split)
        return loss, accuracy

    def run_each(self, split: Split) -> tuple[float, float, tf.Tensor]:
        """Return mean loss, accuracy, and which predictions are correct, booleans [N]."""
        totals, each = self._totals(split)(split.features, split.labels)
        loss, correct, count = map(float, totals.numpy())  # one copy, not a slice a number
        return loss / count, correct / count, each

    def outputs(self, features: tf.Tensor) -> tf.Tensor:
        """Return the network's outputs for features [N, …], computed in chunks."""
        forward = self._forward(features)
        starts = range(0, len(features), CHUNK)
        return tf.concat([forward(features[start : start + CHUNK]) for start in starts], axis=0)

    def microseconds_per_sample(self, split: Split) -> float:
        """Return the time of a forward pass over some examples, divided by their number."""
        features, forward = split.first(TIMED_EXAMPLES), self._forward(split.features)
        return least_seconds(lambda: forward(features).numpy()) * 1e6 / len(features)

    def graph(self, split: Split) -> bytes:
        """Return the forward pass as a serialized ``GraphDef``, its layers named."""
        definition = self._forward(split.features).graph.as_graph_def(add_shapes=True)
        for node in definition.node:
            node.name = self._layer_scopes(node.name)
            node.input[:] = [self._layer_scopes(name) for name in node.input]
        content: bytes = definition.SerializeToString()
        return content

    def _layer_scopes(self, name: str) -> str:
        """Undo Keras's numbering of a scope that it opened before: hidden1_1 is layer hidden1."""
        own = {f"{layer.name}_1": layer.name for layer in (self.model, *self.model.layers)}
        return "/".join(own.get(part, part) for part in name.split("/"))

    def _totals(self, split: Split) -> Any:
        labels = tf.TensorSpec([None], tf.int32)
        return self._compiled(self._sum, _any_number_of(split.features), labels)

    def _forward(self, features: tf.Tensor) -> Any:
        return self._compiled(self._outputs, _any_number_of(features))

    def _compiled(self, function: Callable[..., Any], *inputs: tf.TensorSpec) -> Any:
        name = function.__name__
        if name not in self._concrete:
            traced = tf.function(function, autograph=False).get_concrete_function(*inputs)
            self._concrete[name] = traced
        return self._concrete[name]

    def _outputs(self, features: tf.Tensor) -> tf.Tensor:
        return self._predict(features, tf.constant(0))

    def _predict(self, features: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
        """Return the outputs for a chunk [B, …] of a split, from example number ``start`` on."""
        return self._logits(features)

    def _logits(self, features: tf.Tensor) -> tf.Tensor:
        with tf.name_scope("scale_features"):
            inputs = self.preprocess(features)
        return self.model(inputs, training=False)

    def _sum(self, features: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the sums of losses and of correct predictions and their number; and each."""
        examples = tf.shape(labels)[0]

        def body(start: tf.Tensor, totals: tf.Tensor, each: tf.Tensor) -> tuple[tf.Tensor, ...]:
            outputs = self._predict(features[start : start + CHUNK], start)
            found = self.objective(outputs, labels[start : start + CHUNK])
            losses, correct = (tf.cast(part, tf.float64) for part in found)
            count = tf.cast(tf.size(losses), tf.float64)
            sums = tf.stack([tf.reduce_sum(losses), tf.reduce_sum(correct), count])
            return start + CHUNK, totals + sums, tf.concat([each, correct > 0], axis=0)

        _, totals, each = tf.while_loop(
            lambda start, *_: start < examples,
            body,
            (tf.constant(0), tf.zeros([3], tf.float64), tf.zeros([0], tf.bool)),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([3]), tf.TensorShape([None])),
        )
        return totals, each


class MonteCarloEvaluation(Evaluation):
    """Evaluates the mean of the class probabilities over samples of a network with dropout.

    log (1/S Σₛ softmax(zₛ)) serves as the logits, whose softmax is that mean.  Each sample of a
    chunk has draws of its own, keyed by the run's seed (Gal and Ghahramani 2016).
    """

    def __init__(self, model: keras.Model, preprocess: Preprocessing, samples: int) -> None:
        super().__init__(model, preprocess)
        self.samples = samples

    def _predict(self, features: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
        first = start // CHUNK * self.samples
        shape = [None, self.model.output_shape[-1]]

        def body(sample: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with sampling(self.model, first + sample):
                logits = self._logits(features)
            terms = tf.stack([total, tf.nn.log_softmax(logits)])
            return sample + 1, tf.reduce_logsumexp(terms, axis=0)

        nothing = tf.fill([tf.shape(features)[0], shape[1]], np.float32(-np.inf))
        _, total = tf.while_loop(
            lambda sample, _: sample < self.samples,
            body,
            (tf.constant(0), nothing),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape(shape)),
        )
        return total - np.log(np.float32(self.samples))


class FrozenOutputs:
    """The outputs of a frozen bottom of the network for the training examples, computed once."""

    def __init__(self, bottom: keras.Model, preprocess: Preprocessing) -> None:
        self._bottom = Evaluation(bottom, preprocess)
        shape = bottom.output_shape[1:]
        self.features = tf.Variable(tf.zeros([0, *shape]), False, shape=[None, *shape])
        self.labels = tf.Variable(tf.zeros([0], tf.int32), False, shape=[None])

    def fill(self, examples: Split) -> None:
        """Compute the outputs that the network's top is trained on."""
        outputs = self.of(examples)
        self.features.assign(outputs.features)
        self.labels.assign(outputs.labels)

    def of(self, split: Split) -> Split:
        """Return the split with the bottom's outputs in place of its features."""
        return Split(self._bottom.outputs(split.features), split.labels)


def _any_number_of(features: tf.Tensor) -> tf.TensorSpec:
    return tf.TensorSpec([None, *features.shape[1:]], features.dtype)
