"""Rotation, shift and noise of a batch of examples."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from ablations.study.protocols import Transform


class Perturb:
    """Rotate and shift each image by amounts of its own, then add normal noise."""

    def __init__(self, shift_pixels: int, rotation_degrees: float, noise: float) -> None:
        self.shift_pixels, self.rotation_degrees, self.noise = shift_pixels, rotation_degrees, noise

    def __call__(
        self, features: tf.Tensor, seed: tf.Tensor, standardize: Transform = lambda x: x
    ) -> tf.Tensor:
        """Return changed features [B, …]; the same ``seed`` [2], int32, gives the same draws.

        They are standardized where they have been moved, as a pixel's deviation is its place's.
        """
        for_angles, for_shifts, for_noise = tf.unstack(tf.random.split(seed, 3))
        if self.shift_pixels or self.rotation_degrees:
            angles = self._angles(features, for_angles)
            features = _moved(features, angles, self._shifts(features, for_shifts))
        features = standardize(features)
        if self.noise:
            features += self.noise * tf.random.stateless_normal(tf.shape(features), for_noise)
        return features

    def _angles(self, features: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        limit = math.radians(self.rotation_degrees)
        return tf.random.stateless_uniform([tf.shape(features)[0]], seed, -limit, limit)

    def _shifts(self, features: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        shape, limit = [tf.shape(features)[0], 2], self.shift_pixels
        whole = tf.random.stateless_uniform(shape, seed, -limit, limit + 1, tf.int32)
        return tf.cast(whole, tf.float32)


def _moved(images: tf.Tensor, angles: tf.Tensor, shifts: tf.Tensor) -> tf.Tensor:
    """Rotate ``images`` [B, H, W(, C)] by ``angles`` [B] about their centres, then shift them.

    ``shifts`` [B, 2] are rows and columns.  Keras wants the inverse map, from a pixel (x, y) of
    the result to where it came from, as [a₀, a₁, a₂, b₀, b₁, b₂, 0, 0].
    """
    pixels = images if images.shape.rank == 4 else images[..., tf.newaxis]
    height, width = pixels.shape[1:3]
    cosine, sine = tf.cos(angles), tf.sin(angles)
    row, column = (height - 1) / 2, (width - 1) / 2
    down, right = row + shifts[:, 0], column + shifts[:, 1]  # where the centre goes
    from_x = column - cosine * right - sine * down
    from_y = row + sine * right - cosine * down
    none = tf.zeros_like(angles)
    moved = keras.ops.image.affine_transform(
        pixels,
        tf.stack([cosine, sine, from_x, -sine, cosine, from_y, none, none], axis=1),
        interpolation="bilinear",
        fill_mode="constant",
        data_format="channels_last",
    )
    return tf.ensure_shape(tf.reshape(moved, tf.shape(images)), images.shape)
