"""Statistics counted inside the graph: buckets leave the device, raw tensors never do."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from ablations.telemetry.histograms import LINEAR_BUCKETS, OCTAVES

MANTISSA_BITS = 23  # of a float32; above them stand eight bits of exponent and the sign
LANES = 4


def octave_counts(values: tf.Tensor) -> tf.Tensor:
    """Count |values| into OCTAVES buckets by the exponent of each float32, int32 [OCTAVES].

    The exponent is read from the bits: no logarithm, and exact at every edge.  Neighbours along
    the last axis count in different lanes: gradients crowd into few octaves, and a processor
    waits where one counter rises twice in a row (a third of the time, measured).
    """
    bits = tf.bitwise.right_shift(tf.bitcast(values, tf.uint32), np.uint32(MANTISSA_BITS))
    buckets = 2 * OCTAVES  # the sign's two halves are added up below
    lanes = np.arange(values.shape[-1], dtype=np.int32) % LANES * buckets
    places = tf.reshape(tf.bitcast(bits, tf.int32) + lanes, [-1])
    return tf.reduce_sum(tf.reshape(_count(places, LANES * buckets), [-1, OCTAVES]), axis=0)


def linear_counts(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Count values into LINEAR_BUCKETS equal buckets; return counts, least and greatest."""
    flat = tf.reshape(values, [-1])
    least, greatest = tf.reduce_min(flat), tf.reduce_max(flat)
    scale = tf.math.divide_no_nan(float(LINEAR_BUCKETS), greatest - least)
    # The cast rounds down, as nothing is below 0 but NaN: that casts to a negative number.
    places = tf.cast((flat - least) * scale, tf.int32)
    return _count(tf.clip_by_value(places, 0, LINEAR_BUCKETS - 1), LINEAR_BUCKETS), least, greatest


def _count(places: tf.Tensor, buckets: int) -> tf.Tensor:
    return tf.math.bincount(places, minlength=buckets, maxlength=buckets, dtype=tf.int32)


SATURATED_ON = 0.95
"""Share of the examples on which a unit must be in saturation for it to count."""


def saturated_share(activations: tf.Tensor, bounds: tuple[float, float]) -> tf.Tensor:
    """Return the share of units that saturate on most examples; ``activations`` is [B, …].

    ``bounds`` are the outputs at or beyond which a unit saturates.
    """
    beyond = tf.logical_or(activations <= bounds[0], activations >= bounds[1])
    share = tf.reduce_mean(tf.cast(beyond, tf.float32), axis=0)
    return tf.reduce_mean(tf.cast(share >= SATURATED_ON, tf.float32))


def mean_and_deviation(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return mean and standard deviation of all values."""
    mean = tf.reduce_mean(values)
    return mean, tf.sqrt(tf.reduce_mean(tf.square(values - mean)))


def dead_share(activations: tf.Tensor) -> tf.Tensor:
    """Return the share of units that are zero on every example; ``activations`` is [B, …]."""
    silent = tf.reduce_all(tf.equal(activations, 0), axis=0)
    return tf.reduce_mean(tf.cast(silent, tf.float32))
