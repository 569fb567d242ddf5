"""What a stage of training minimizes; see ``ablations.study.protocols.Objective``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from ablations.study.objectives import TrainingLoss
from ablations.study.protocols import Loss, Objective
from ablations.study.tasks import CLASSIFICATION, REGRESSION, SEVERAL_LABELS


def cross_entropy(logits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """−log of the softmax of logits [B, classes] at the label."""
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return losses, _accuracy(logits, labels)


def own_objective(loss: TrainingLoss | None) -> Objective:
    """Return what a recipe's own task minimizes, and the score of its predictions."""
    if loss is None:
        return cross_entropy
    losses, score = loss.build(), _SCORES[loss.learns.kind]

    def objective(outputs: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return losses(outputs, labels), score(outputs, labels)

    return objective


def _accuracy(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels), tf.float32)


def _binary_accuracy(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.cast(tf.equal(logits > 0, labels > 0), tf.float32), axis=1)


def _absolute_error(predictions: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.abs(targets - predictions), axis=1)


_SCORES: Mapping[str, Loss] = {
    CLASSIFICATION.kind: _accuracy,
    SEVERAL_LABELS.kind: _binary_accuracy,
    REGRESSION.kind: _absolute_error,
}


def squared_error(residuals: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean square of what is left between an input and its reconstruction, [B, D]."""
    losses = tf.reduce_mean(tf.square(residuals), axis=1)
    return losses, tf.fill(tf.shape(losses), np.float32(np.nan))


def same_class(logits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Logistic loss of "rows 2n and 2n + 1 are of one class", logits [B/2, 1]."""
    same = tf.cast(tf.equal(labels[0::2], labels[1::2]), tf.float32)
    losses = tf.nn.sigmoid_cross_entropy_with_logits(same, logits[:, 0])
    return losses, tf.cast(tf.equal(logits[:, 0] > 0, same > 0), tf.float32)


def ranking(margin: float) -> Objective:
    """max(0, margin − good + bad) of two scores [B, 2] (notes 000; Collobert and Weston 2008)."""

    def objective(scores: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        lead = scores[:, 0] - scores[:, 1]
        return tf.nn.relu(margin - lead), tf.cast(lead > 0, tf.float32)

    return objective
