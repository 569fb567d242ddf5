"""Loss and scores over a split, compiled; and the time of inference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablations.study.protocols import BuiltMeasure, Objective
from ablations.techniques.keras.dropout import sampling
from ablations.techniques.keras.objectives import cross_entropy
from ablations.training.trainers.compiled.features import Features, any_number_of, count, mapped
from ablations.training.trainers.compiled.preprocessing import Preprocess
from ablations.training.trainers.compiled.timing import least_seconds

CHUNK = 1000  # examples evaluated at once
TIMED_EXAMPLES = 1000


@dataclass(frozen=True)
class Split:
    """Examples on the device: features [N, …] as stored, labels [N] or [N, K]."""

    features: Features
    labels: tf.Tensor
    weights: tf.Tensor | None = None
    """What the loss of each counts in training, [N]; None where all count alike."""

    @classmethod
    def of(
        cls, features: Any, labels: NDArray[Any], weights: NDArray[np.float32] | None = None
    ) -> Split:
        """Put arrays on the device."""
        weighed = None if weights is None else tf.constant(weights)
        return cls(mapped(tf.constant, features), tf.constant(labels), weighed)

    def first(self, count: int) -> Features:
        """Return the features of the first examples."""
        return mapped(lambda each: each[:count], self.features)


class Evaluation:
    """The compiled evaluation of one model."""

    def __init__(
        self,
        model: keras.Model,
        preprocess: Preprocess,
        objective: Objective = cross_entropy,
        measures: Mapping[str, BuiltMeasure] | None = None,
    ) -> None:
        self.model, self.preprocess, self.objective = model, preprocess, objective
        self.measures = measures or {}
        for measure in self.measures.values():
            measure.prepare(model.output_shape[1:])
        self._concrete: dict[str, Any] = {}

    def trace(self, split: Split) -> None:
        """Trace and optimize the program for splits like this one, by a split without examples."""
        self._totals(split)(split.first(0), split.labels[:0])

    def run(self, split: Split) -> tuple[float, float]:
        """Return mean loss and mean score, summed in double precision."""
        loss, score, _ = self.run_each(split)
        return loss, score

    def run_each(self, split: Split) -> tuple[float, float, tf.Tensor]:
        """Return mean loss, mean score, and where the score is above 0, booleans [N].

        Of a classification that is which predictions are correct.
        """
        for measure in self.measures.values():
            measure.reset()
        totals, each = self._totals(split)(split.features, split.labels)
        loss, correct, count = map(float, totals.numpy())  # one copy, not a slice a number
        return loss / count, correct / count, each

    def measured(self) -> dict[str, float]:
        """Return what the metrics measured of the split that was run last, by name."""
        return {name: measure.result() for name, measure in self.measures.items()}

    def outputs(self, features: Features) -> tf.Tensor:
        """Return the network's outputs for features [N, …], computed in chunks."""
        forward = self._forward(features)
        starts = range(0, count(features), CHUNK)
        return tf.concat([forward(_chunk(features, start)) for start in starts], axis=0)

    def microseconds_per_sample(self, split: Split) -> float:
        """Return the time of a forward pass over some examples, divided by their number."""
        features, forward = split.first(TIMED_EXAMPLES), self._forward(split.features)
        return least_seconds(lambda: forward(features).numpy()) * 1e6 / count(features)

    def graph(self, split: Split) -> bytes:
        """Return the forward pass as a serialized ``GraphDef``, its layers named.

        What only keeps the order of operations is left out: the dashboard would draw it apart.
        """
        definition = self._forward(split.features).graph.as_graph_def(add_shapes=True)
        computing = [node for node in definition.node if node.op != "NoOp"]
        for node in computing:
            node.name = self._layer_scopes(node.name)
            inputs = (name for name in node.input if not name.startswith("^"))
            node.input[:] = [self._layer_scopes(name) for name in inputs]
        definition = tf.compat.v1.GraphDef(
            node=computing, library=definition.library, versions=definition.versions
        )
        content: bytes = definition.SerializeToString()
        return content

    def _layer_scopes(self, name: str) -> str:
        """Undo Keras's numbering of a scope that it opened before: hidden1_1 is layer hidden1."""
        own = {f"{layer.name}_1": layer.name for layer in (self.model, *self.model.layers)}
        return "/".join(own.get(part, part) for part in name.split("/"))

    def _totals(self, split: Split) -> Any:
        labels = any_number_of(split.labels)
        return self._compiled(self._sum, any_number_of(split.features), labels)

    def _forward(self, features: Features) -> Any:
        return self._compiled(self._outputs, any_number_of(features))

    def _compiled(self, function: Callable[..., Any], *inputs: tf.TensorSpec) -> Any:
        name = function.__name__
        if name not in self._concrete:
            traced = tf.function(function, autograph=False).get_concrete_function(*inputs)
            self._concrete[name] = traced
        return self._concrete[name]

    def _outputs(self, features: Features) -> tf.Tensor:
        return self._predict(features, tf.constant(0))

    def _predict(self, features: Features, start: tf.Tensor) -> tf.Tensor:
        """Return the outputs for a chunk [B, …] of a split, from example number ``start`` on."""
        return self._logits(features)

    def _logits(self, features: Features) -> tf.Tensor:
        with tf.name_scope("scale_features"):
            inputs = self.preprocess(features)
        return tf.cast(self.model(inputs, training=False), tf.float32)

    def _sum(self, features: Features, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the sums of losses and scores and their number; and where scores are above 0."""
        examples = tf.shape(labels)[0]

        def body(start: tf.Tensor, totals: tf.Tensor, each: tf.Tensor) -> tuple[tf.Tensor, ...]:
            outputs = self._predict(_chunk(features, start), start)
            own = labels[start : start + CHUNK]
            losses, scores = (tf.cast(part, tf.float64) for part in self.objective(outputs, own))
            for measure in self.measures.values():
                measure.update(own, outputs)
            number = tf.cast(tf.size(losses), tf.float64)
            sums = tf.stack([tf.reduce_sum(losses), tf.reduce_sum(scores), number])
            return start + CHUNK, totals + sums, tf.concat([each, scores > 0], axis=0)

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

    def __init__(
        self,
        model: keras.Model,
        preprocess: Preprocess,
        samples: int,
        objective: Objective = cross_entropy,
        measures: Mapping[str, BuiltMeasure] | None = None,
    ) -> None:
        super().__init__(model, preprocess, objective, measures)
        self.samples = samples

    def _predict(self, features: Features, start: tf.Tensor) -> tf.Tensor:
        first = start // CHUNK * self.samples
        shape = [None, self.model.output_shape[-1]]

        def body(sample: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with sampling(self.model, first + sample):
                logits = self._logits(features)
            terms = tf.stack([total, tf.nn.log_softmax(logits)])
            return sample + 1, tf.reduce_logsumexp(terms, axis=0)

        nothing = tf.fill(
            [tf.shape(tf.nest.flatten(features)[0])[0], shape[1]], np.float32(-np.inf)
        )
        _, total = tf.while_loop(
            lambda sample, _: sample < self.samples,
            body,
            (tf.constant(0), nothing),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape(shape)),
        )
        return total - np.log(np.float32(self.samples))


class FrozenOutputs:
    """The outputs of a frozen bottom of the network for the training examples, computed once."""

    def __init__(self, bottom: keras.Model, preprocess: Preprocess, like: Split) -> None:
        """The labels and weights will be such as those of ``like``."""
        self._bottom = Evaluation(bottom, preprocess)
        shape = bottom.output_shape[1:]
        self.features = tf.Variable(tf.zeros([0, *shape]), False, shape=[None, *shape])
        labels, weights = like.labels, like.weights
        self.labels = tf.Variable(labels[:0], False, shape=[None, *labels.shape[1:]])
        self.weights = None if weights is None else tf.Variable(weights[:0], False, shape=[None])

    def fill(self, examples: Split) -> None:
        """Compute the outputs that the network's top is trained on."""
        outputs = self.of(examples)
        self.features.assign(outputs.features)
        self.labels.assign(outputs.labels)
        if self.weights is not None:
            self.weights.assign(outputs.weights)

    def of(self, split: Split) -> Split:
        """Return the split with the bottom's outputs in place of its features."""
        return Split(self._bottom.outputs(split.features), split.labels, split.weights)


def _chunk(features: Features, start: Any) -> Features:
    return mapped(lambda each: each[start : start + CHUNK], features)
