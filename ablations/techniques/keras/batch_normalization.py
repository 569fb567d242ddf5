"""Batch normalization with its derivative written out."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class BatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """Keras's layer; for a batch of vectors a training step takes a third of the operations.

    Keras's own is differentiated operation by operation: on the small networks of a study its
    many small kernels cost more than the matrix products.  Variables, moving averages and
    inference are Keras's.  The momentum may be a variable.
    """

    def __init__(self, momentum: float | tf.Variable, **options: Any) -> None:
        super().__init__(momentum=float(momentum), **options)
        self.momentum = momentum  # Keras wants a float; a variable serves as well

    def call(self, inputs: tf.Tensor, training: bool | None = None, mask: Any = None) -> tf.Tensor:
        """Return γ(z − μ)/√(σ² + ε) + β over the batch, [B, units]; else what Keras returns."""
        ours = training and self.trainable and len(inputs.shape) == 2 and not self.synchronized
        if not ours:
            return super().call(inputs, training=training, mask=mask)
        gamma = _wide(self.gamma) if self.scale else tf.ones(inputs.shape[1:])
        outputs, mean, variance = self._normalize(_wide(inputs), gamma, _wide(self.beta))
        for average, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign(average * self.momentum + now * (1.0 - self.momentum))
        return tf.cast(outputs, inputs.dtype)

    def _normalize(
        self, inputs: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return outputs, mean and variance; the backward pass is Ioffe and Szegedy's (2015)."""

        @tf.custom_gradient  # type: ignore[untyped-decorator]
        def normalize(inputs: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) -> Any:
            mean = tf.reduce_mean(inputs, axis=0)
            centred = inputs - mean
            variance = tf.reduce_mean(tf.square(centred), axis=0)
            inverse = tf.math.rsqrt(variance + self.epsilon)
            scale = gamma * inverse

            def derivative(error: tf.Tensor, *_: tf.Tensor) -> tuple[tf.Tensor, ...]:
                of_beta = tf.reduce_sum(error, axis=0)
                of_gamma = tf.reduce_sum(error * centred, axis=0) * inverse
                examples = tf.cast(tf.shape(error)[0], error.dtype)
                common = (centred * (of_gamma * inverse) + of_beta) / examples
                return scale * (error - common), of_gamma, of_beta

            return (centred * scale + beta, mean, variance), derivative

        outputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor] = normalize(inputs, gamma, beta)
        return outputs


def _wide(tensor: Any) -> tf.Tensor:
    """Return float32, in which moments are taken whatever the layer computes in."""
    return tf.cast(tf.convert_to_tensor(tensor), tf.float32)
