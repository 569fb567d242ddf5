"""Projections of kernels."""

from __future__ import annotations

import tensorflow as tf

from ablations.study.protocols import Transform


def max_norm(limit: float | tf.Variable, axis: int) -> Transform:
    """Return w → w · min(1, r/‖w‖₂) for each unit's incoming weights, or each input's outgoing.

    A kernel of higher rank counts as a matrix, its last axis being the units.
    """

    def project(kernel: tf.Tensor) -> tf.Tensor:
        last = kernel.shape.rank - 1
        axes = [last] if axis == 1 else list(range(last))
        norms = tf.sqrt(tf.reduce_sum(tf.square(kernel), axes, keepdims=True))
        return kernel * (limit / tf.maximum(norms, limit))

    return project
