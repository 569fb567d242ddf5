"""What a sampled train step does to each layer: its gradient, and its update beside its weights."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablations.study.layer_metrics import GRADIENT_NORM, UPDATE_RATIO

LAYER_COLUMNS = (GRADIENT_NORM, UPDATE_RATIO)
"""What is measured of a layer at a sampled step; NaN at all others."""


class StepLayers:
    """Measures a step in two halves, before the weights change and after; L layers, P weights.

    What the second half needs of the first travels as one tensor, which is empty at a step that
    is not sampled: each tensor that a conditional returns costs every step some time.
    """

    def __init__(self, kernels: Sequence[keras.Variable], places: Sequence[int]) -> None:
        """``places`` says which of a step's gradients is that of each kernel."""
        self._kernels, self._places = kernels, places
        self._sizes = [math.prod(kernel.shape) for kernel in kernels]

    @property
    def unmeasured(self) -> tf.Tensor:
        """The columns [2 L] of a step that is not sampled."""
        return tf.fill([len(LAYER_COLUMNS) * len(self._kernels)], tf.constant(np.nan, tf.float32))

    @property
    def nothing_held(self) -> tf.Tensor:
        """What stands for ``before`` at such a step."""
        return tf.zeros([0])

    def before(self, gradients: Sequence[tf.Tensor]) -> tf.Tensor:
        """Return gradient norms and weights, [L + P], to be handed to ``after``."""
        norms = tf.stack([norm(gradients[place]) for place in self._places])
        return tf.concat([norms, *(self._flat(kernel) for kernel in self._kernels)], axis=0)

    def after(self, held: tf.Tensor) -> tf.Tensor:
        """Return the columns of the step, [2 L], its weights being updated."""
        norms, *old = tf.split(held, [len(self._kernels), *self._sizes])
        ratios = [
            _ratio(norm(self._flat(kernel) - weights), norm(weights))
            for kernel, weights in zip(self._kernels, old, strict=True)
        ]
        return tf.concat([norms, tf.stack(ratios)], axis=0)

    def _flat(self, kernel: keras.Variable) -> tf.Tensor:
        return tf.reshape(tf.cast(tf.convert_to_tensor(kernel), tf.float32), [-1])


def norm(values: tf.Tensor) -> tf.Tensor:
    """Return the Euclidean norm; squares neither vanish below 1e-19 nor overflow above 1e19."""
    greatest = tf.reduce_max(tf.abs(values))
    scaled = tf.math.divide_no_nan(tf.cast(values, tf.float32), tf.cast(greatest, tf.float32))
    return tf.cast(greatest, tf.float32) * tf.sqrt(tf.reduce_sum(tf.square(scaled)))


def _ratio(change: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Return NaN for weights that are all zero, where there is no ratio."""
    return tf.where(weights > 0, change / weights, np.nan)


def layer_means(columns: NDArray[np.float32], layers: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return layer → name → mean over the sampled steps of ``columns`` [steps, 2 L]; {} for none.

    A norm that became infinite, or a ratio that has no number, makes its mean no finite number.
    """
    if not len(columns):
        return {}
    means = columns.astype(np.float64).mean(axis=0).reshape(len(LAYER_COLUMNS), len(layers))
    return {
        layer: dict(zip(LAYER_COLUMNS, of_layer, strict=True))
        for layer, of_layer in zip(layers, means.T.tolist(), strict=True)
    }
