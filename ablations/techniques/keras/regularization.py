"""Penalties as functions of the kernels."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

Penalty = Callable[[list[tf.Tensor]], tf.Tensor]


def l1(strength: float | tf.Variable) -> Penalty:
    """Return kernels → λ Σ|w|."""
    return lambda kernels: strength * tf.add_n([tf.reduce_sum(tf.abs(k)) for k in kernels])


def l2(strength: float | tf.Variable) -> Penalty:
    """Return kernels → λ Σ w²."""
    return lambda kernels: strength * tf.add_n([tf.reduce_sum(tf.square(k)) for k in kernels])
