"""FTRL-Proximal under a schedule."""

from __future__ import annotations

import keras
import tensorflow as tf

from ablations.techniques.keras.slots import slot


class Ftrl(keras.optimizers.Ftrl):  # type: ignore[misc]
    """Keras's class, with the learning rate α free to change from step to step.

    The published step is σₜ = (β + √nₜ)/αₜ − (β + √nₜ₋₁)/αₜ₋₁.  Keras divides both roots by the
    present α, so that every weight shrinks by αₜ/αₜ₋₁ where the rate falls.  At a constant rate
    the two are the same, bit for bit.
    """

    def build(self, variables: list[keras.Variable]) -> None:
        """Make the slots, and one for the rate at which each variable was updated last."""
        if self.built:
            return
        super().build(variables)
        for variable in variables:
            self.add_variable((), name=f"{variable.path.replace('/', '_')}_previous_rate")

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Move the old proximal terms to the present rate, then step as Keras does."""
        rate = tf.cast(learning_rate, gradient.dtype)
        previous = slot(self, "previous_rate", variable)
        before = tf.where(previous.value > 0, previous.value, rate)  # none before the first step
        accumulator, linear = (slot(self, name, variable) for name in ("accumulator", "linear"))
        curvature = self.beta + tf.pow(accumulator, -self.learning_rate_power)
        self.assign_sub(linear, curvature * (1 / rate - 1 / before) * variable)
        self.assign(previous, rate)
        super().update_step(gradient, variable, learning_rate)
