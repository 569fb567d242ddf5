"""Statistics counted inside the graph: buckets leave the device, raw tensors never do."""

from __future__ import annotations

import math

import tensorflow as tf

from ablations.telemetry.histograms import (
    BUCKETS_PER_DECADE,
    LINEAR_BUCKETS,
    LOG10_BUCKETS,
    LOWEST_EXPONENT,
)


def log10_counts(values: tf.Tensor) -> tf.Tensor:
    """Count log10 |values| into LOG10_BUCKETS buckets, int32; exact zeros are left out.

    A zero has no logarithm, and a spike far below the others would stretch every picture: the
    weights of a pixel that is always black have a gradient of exactly zero.
    """
    magnitudes = tf.abs(tf.reshape(values, [-1]))
    exponents = tf.math.log(magnitudes) * (1 / math.log(10))
    places = tf.floor((exponents - LOWEST_EXPONENT) * BUCKETS_PER_DECADE)
    places = tf.clip_by_value(places, 0, LOG10_BUCKETS - 1)  # log(0) is −inf
    zeros = tf.size(magnitudes) - tf.math.count_nonzero(magnitudes, dtype=tf.int32)
    return _count(places, LOG10_BUCKETS) - tf.one_hot(0, LOG10_BUCKETS, zeros, 0, dtype=tf.int32)


def linear_counts(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Count values into LINEAR_BUCKETS equal buckets; return counts, least and greatest."""
    flat = tf.reshape(values, [-1])
    least, greatest = tf.reduce_min(flat), tf.reduce_max(flat)
    scale = tf.math.divide_no_nan(float(LINEAR_BUCKETS), greatest - least)
    places = tf.clip_by_value(tf.floor((flat - least) * scale), 0, LINEAR_BUCKETS - 1)
    return _count(places, LINEAR_BUCKETS), least, greatest


def _count(places: tf.Tensor, buckets: int) -> tf.Tensor:
    # NaN has no bucket of its own: it casts to a negative number, which bincount would reject.
    whole = tf.maximum(tf.cast(places, tf.int32), 0)
    return tf.math.bincount(whole, minlength=buckets, maxlength=buckets, dtype=tf.int32)


def dead_share(activations: tf.Tensor) -> tf.Tensor:
    """Return the share of units that are zero on every example; ``activations`` is [B, …]."""
    silent = tf.reduce_all(tf.equal(activations, 0), axis=0)
    return tf.reduce_mean(tf.cast(silent, tf.float32))
