"""What the graph does to features before a network reads them: scale, then standardize."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from numpy.typing import NDArray

from ablations.data.moments import feature_moments


class Preprocessing:
    """Features [B, …] as stored → float32, times ``scale`` and, where ``standardizes``, (x − μ)/σ.

    μ and σ are variables [...], so that the seeds of one program share its graph.
    """

    def __init__(
        self, scale: float, shape: tuple[int, ...] = (), standardizes: bool = False
    ) -> None:
        self.scale, self.standardizes = scale, standardizes
        self._mean = tf.Variable(tf.zeros(shape), trainable=False) if standardizes else None
        self._deviation = tf.Variable(tf.ones(shape), trainable=False) if standardizes else None

    def __call__(self, features: tf.Tensor) -> tf.Tensor:
        """Return what the network reads."""
        return self.standardized(self.scaled(features))

    def scaled(self, features: tf.Tensor) -> tf.Tensor:
        """Return the features in float32; pixels span 0 to 1."""
        return tf.cast(features, tf.float32) * self.scale

    def standardized(self, scaled: tf.Tensor) -> tf.Tensor:
        """Return scaled features (x − μ)/σ, or as they are."""
        return scaled if self._mean is None else (scaled - self._mean) / self._deviation

    def fit(self, features: NDArray[Any]) -> None:
        """Take μ and σ from the features [N, …] of the rows that train, as stored."""
        if self._mean is not None and self._deviation is not None:
            mean, deviation = feature_moments(features, self.scale)
            self._mean.assign(mean)
            self._deviation.assign(deviation)


UNCHANGED = Preprocessing(1.0)
"""For what is computed already, such as the outputs of a frozen bottom."""
