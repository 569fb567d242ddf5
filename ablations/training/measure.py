"""Statistics counted inside the graph: buckets leave the device, raw tensors never do."""

from __future__ import annotations

import tensorflow as tf

from ablations.telemetry.histograms import LINEAR_BUCKETS, OCTAVES

MANTISSA_BITS = 23  # of a float32; what stands above them, the sign gone, is the exponent


def octave_counts(values: tf.Tensor) -> tf.Tensor:
    """Count |values| into OCTAVES buckets by the exponent of each float32, int32.

    The exponent is read from the bits: no logarithm, and exact at every edge.
    """
    bits = tf.bitcast(tf.abs(tf.reshape(values, [-1])), tf.int32)
    return _count(tf.bitwise.right_shift(bits, MANTISSA_BITS), OCTAVES)


def linear_counts(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Count values into LINEAR_BUCKETS equal buckets; return counts, least and greatest."""
    flat = tf.reshape(values, [-1])
    least, greatest = tf.reduce_min(flat), tf.reduce_max(flat)
    scale = tf.math.divide_no_nan(float(LINEAR_BUCKETS), greatest - least)
    places = tf.clip_by_value(tf.floor((flat - least) * scale), 0, LINEAR_BUCKETS - 1)
    # NaN has no bucket of its own: it casts to a negative number, which bincount would reject.
    whole = tf.maximum(tf.cast(places, tf.int32), 0)
    return _count(whole, LINEAR_BUCKETS), least, greatest


def _count(places: tf.Tensor, buckets: int) -> tf.Tensor:
    return tf.math.bincount(places, minlength=buckets, maxlength=buckets, dtype=tf.int32)


def dead_share(activations: tf.Tensor) -> tf.Tensor:
    """Return the share of units that are zero on every example; ``activations`` is [B, …]."""
    silent = tf.reduce_all(tf.equal(activations, 0), axis=0)
    return tf.reduce_mean(tf.cast(silent, tf.float32))
