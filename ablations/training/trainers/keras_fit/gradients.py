"""The gradients that an optimizer is given at some steps, whatever train step computes them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablations.telemetry.histograms import octave_counts

TAP = "ablations_gradient_tap"
"""The name of each variable that a ``GradientTap`` makes."""


class GradientTap:
    """Copies the gradients of kernels beside the step, where it is open; changes no weight."""

    def __init__(self, optimizer: keras.optimizers.Optimizer, model: keras.Model) -> None:
        """Stand before ``optimizer.apply``; to be made before a train step is traced."""
        self._open = tf.Variable(False, trainable=False, dtype=tf.bool, name=TAP)
        self._model, self._copies = model, dict[str, tf.Variable]()
        self._counts: dict[str, NDArray[np.int64]] = {}
        self._apply = optimizer.apply
        optimizer.apply = self._tapped

    def _tapped(self, grads: Any, trainable_variables: Any = None) -> Any:
        applied = self._model.trainable_variables
        applied = applied if trainable_variables is None else trainable_variables
        pairs = [
            (self._copy_of(variable), gradient)
            for gradient, variable in zip(grads, applied, strict=False)
            if gradient is not None and len(variable.shape) > 1
        ]

        def copy() -> tf.Tensor:
            for kept, gradient in pairs:
                kept.assign(tf.cast(tf.convert_to_tensor(gradient), tf.float32))
            return tf.constant(True)

        tf.cond(self._open, copy, lambda: tf.constant(False))
        return self._apply(grads, trainable_variables)

    def _copy_of(self, kernel: Any) -> tf.Variable:
        """Return where the gradient of a kernel is kept."""
        name = kernel_name(kernel)
        if name not in self._copies:
            with tf.init_scope():  # outside of the step that is traced
                zeros = tf.zeros(kernel.shape)
                self._copies[name] = tf.Variable(zeros, trainable=False, name=TAP)
        return self._copies[name]

    def open(self) -> None:
        """Copy the gradients of the steps to come."""
        self._open.assign(True)

    def close(self) -> None:
        """Copy none, and count those of the last step."""
        self._open.assign(False)
        for name, copy in self._copies.items():
            counts = octave_counts(copy.numpy())
            self._counts[name] = self._counts.get(name, 0) + counts

    def take(self) -> dict[str, NDArray[np.int64]]:
        """Return kernel → counts since the last time, [OCTAVES]."""
        taken, self._counts = self._counts, {}
        return taken


def kernel_name(variable: Any) -> str:
    """Return what a kernel is called in tags: its layer, and its own name where not ``kernel``."""
    *layers, own = variable.path.split("/")
    return "/".join(layers if layers and own == "kernel" else (*layers, own))
