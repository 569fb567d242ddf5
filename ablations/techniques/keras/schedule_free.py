"""Schedule-free AdamW as published."""

from __future__ import annotations

import keras
import tensorflow as tf

from ablations.techniques.keras.slots import slot


class ScheduleFreeAdamW(keras.optimizers.ScheduleFreeAdamW):  # type: ignore[misc]
    """Keras's class with its step put right.

    Keras 3.15 recovers x from y and z after it has moved z: on TensorFlow ``momentum.value`` is
    the variable itself, not what it held before.  The second step is wrong from there on.
    """

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Move z against the gradient, x to the mean of all z, and the weights between them."""
        z, second_moment = (slot(self, name, variable) for name in ("momentum", "velocity"))
        step = tf.cast(self.iterations + 1, gradient.dtype)
        rate = tf.cast(learning_rate, gradient.dtype)
        if self.warmup_steps > 0:
            rate *= tf.minimum(step / self.warmup_steps, 1.0)
        squares = self.beta_2 * second_moment + (1 - self.beta_2) * tf.square(gradient)
        debiased = squares / (1 - tf.pow(self.beta_2, step))
        moved = z - rate * gradient / (tf.sqrt(debiased) + self.epsilon)
        mean = (variable - (1 - self.beta_1) * z) / self.beta_1
        mean += (moved - mean) / step
        self.assign(variable, (1 - self.beta_1) * moved + self.beta_1 * mean)
        self.assign(second_moment, squares)
        self.assign(z, moved)
