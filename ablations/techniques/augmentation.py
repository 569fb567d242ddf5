"""Training examples changed at every step as a person would not mind: only while training."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from ablations.study.technique import Family, NonNegative, Technique, problem

if TYPE_CHECKING:
    import tensorflow as tf


class Augmentation(Technique):
    """A random change of a batch."""

    @property
    def needs_images(self) -> bool:
        """Whether the examples must be images, [H, W] or [H, W, C]."""
        raise NotImplementedError

    def change(self, features: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Return changed features [B, …]; the same ``seed`` [2], int32, gives the same draws."""
        raise NotImplementedError


class Perturbation(Augmentation):
    """Turn, then shift each image, bilinear and black beyond its edge; then add normal noise.

    Angles and shifts are uniform, one of each an image; shifts are whole pixels, so that a shift
    alone blurs nothing.
    """

    name: Literal["perturbation"] = "perturbation"
    shift_pixels: Annotated[int, Field(ge=0, examples=[2])] = 0
    """The farthest shift, along each axis."""
    rotation_degrees: Annotated[float, Field(ge=0, le=180, examples=[10.0])] = 0.0
    """The largest angle about the centre, either way."""
    noise: Annotated[NonNegative, Field(examples=[0.1])] = 0.0
    """σ, where the features as the network sees them span 0 to 1."""

    @model_validator(mode="after")
    def _changes_something(self) -> Perturbation:
        if not (self.needs_images or self.noise):
            raise problem("wants shift_pixels, rotation_degrees or noise above 0")
        return self

    @property
    def needs_images(self) -> bool:
        return bool(self.shift_pixels or self.rotation_degrees)

    def change(self, features: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        import tensorflow as tf

        turn, shift, noise = tf.unstack(tf.random.split(seed, 3))
        if self.needs_images:
            features = _move(features, self._angles(features, turn), self._shifts(features, shift))
        if self.noise:
            features += self.noise * tf.random.stateless_normal(tf.shape(features), noise)
        return features

    def _angles(self, features: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        import tensorflow as tf

        limit = math.radians(self.rotation_degrees)
        return tf.random.stateless_uniform([tf.shape(features)[0]], seed, -limit, limit)

    def _shifts(self, features: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        import tensorflow as tf

        shape, limit = [tf.shape(features)[0], 2], self.shift_pixels
        whole = tf.random.stateless_uniform(shape, seed, -limit, limit + 1, tf.int32)
        return tf.cast(whole, tf.float32)


def _move(images: tf.Tensor, angles: tf.Tensor, shifts: tf.Tensor) -> tf.Tensor:
    """Turn ``images`` [B, H, W(, C)] by ``angles`` [B] about their centres, then shift them.

    ``shifts`` [B, 2] are rows and columns.  The operation wants the way back, from a pixel of the
    result (x, y) to where it came from, as [a₀, a₁, a₂, b₀, b₁, b₂, 0, 0].
    """
    import tensorflow as tf

    pixels = images if images.shape.rank == 4 else images[..., tf.newaxis]
    height, width = pixels.shape[1:3]
    cosine, sine = tf.cos(angles), tf.sin(angles)
    row, column = (height - 1) / 2, (width - 1) / 2
    down, right = row + shifts[:, 0], column + shifts[:, 1]  # where the centre goes
    from_x = column - cosine * right - sine * down
    from_y = row + sine * right - cosine * down
    none = tf.zeros_like(angles)
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels,
        transforms=tf.stack([cosine, sine, from_x, -sine, cosine, from_y, none, none], axis=1),
        output_shape=[height, width],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )
    return tf.ensure_shape(tf.reshape(moved, tf.shape(images)), images.shape)


AUGMENTATIONS = Family("augmentation", (Perturbation,))
