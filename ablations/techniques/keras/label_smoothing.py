"""Cross-entropy with smoothed labels."""

from __future__ import annotations

import tensorflow as tf

from ablations.study.protocols import Loss


def uniform(share: float | tf.Variable) -> Loss:
    """Return logits [B, K] and labels [B] → cross-entropy with (1 − ε) · one-hot + ε/K, [B]."""

    def losses(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        sharp = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        spread = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=1)
        return (1.0 - share) * sharp + share * spread

    return losses
