"""Metrics of Keras, and a user's, as Keras metrics that are updated chunk by chunk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from ablations.techniques.keras.losses import for_each_example
from ablations.user_code import UserFunction

_CLASSES: Mapping[str, type[keras.Metric]] = {
    "accuracy": keras.metrics.SparseCategoricalAccuracy,
    "sparse_top_k_categorical_accuracy": keras.metrics.SparseTopKCategoricalAccuracy,
    "binary_accuracy": keras.metrics.BinaryAccuracy,
    "precision": keras.metrics.Precision,
    "recall": keras.metrics.Recall,
    "f1_score": keras.metrics.F1Score,
    "auc": keras.metrics.AUC,
    "mean_absolute_error": keras.metrics.MeanAbsoluteError,
    "mean_squared_error": keras.metrics.MeanSquaredError,
    "root_mean_squared_error": keras.metrics.RootMeanSquaredError,
    "mean_absolute_percentage_error": keras.metrics.MeanAbsolutePercentageError,
    "mean_squared_logarithmic_error": keras.metrics.MeanSquaredLogarithmicError,
    "log_cosh_error": keras.metrics.LogCoshError,
    "r2_score": keras.metrics.R2Score,
    "cosine_similarity": keras.metrics.CosineSimilarity,
}


_OF_PROBABILITIES = ("binary_accuracy", "precision", "recall", "f1_score", "auc")
"""What wants a probability for each label, the sigmoid of its logit."""


@dataclass(frozen=True)
class KerasMeasure:
    """A metric at work on one network's outputs."""

    metric: keras.Metric
    of_probabilities: bool = False

    def prepare(self, shape: tuple[int, ...]) -> None:
        """Create its variables, which a traced function could not, for outputs [B, *shape]."""
        if self.metric.name in ("f1_score", "r2_score"):
            self.metric.update_state(tf.zeros([1, *shape]), tf.zeros([1, *shape]))
            self.reset()

    def reset(self) -> None:
        """Begin a split."""
        self.metric.reset_state()

    def update(self, labels: tf.Tensor, outputs: tf.Tensor) -> None:
        """Take in labels and outputs of some examples."""
        self.metric.update_state(labels, tf.sigmoid(outputs) if self.of_probabilities else outputs)

    def result(self) -> float:
        """Return the metric of all examples since ``reset``."""
        return float(self.metric.result())


def of_keras(name: str, parameters: Mapping[str, Any]) -> KerasMeasure:
    """Return the metric of ``keras.metrics``."""
    metric = _CLASSES[name](**parameters, name=name)
    return KerasMeasure(metric, name in _OF_PROBABILITIES)


def of_user(name: str, function: UserFunction, parameters: Mapping[str, Any]) -> KerasMeasure:
    """Return the mean of what a user's function returns for each example."""

    def measured(labels: Any, outputs: Any) -> Any:
        return for_each_example(function, labels, outputs, parameters)

    return KerasMeasure(keras.metrics.MeanMetricWrapper(measured, name=name))
