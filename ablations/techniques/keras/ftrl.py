"""FTRL-Proximal under a schedule.  Imports TensorFlow; load it only to build."""

from __future__ import annotations

import keras
import tensorflow as tf


class Ftrl(keras.optimizers.Ftrl):  # type: ignore[misc]
    """Keras's class, with the learning rate α free to change from step to step.

    The published step is σₜ = (β + √nₜ)/αₜ − (β + √nₜ₋₁)/αₜ₋₁.  Keras divides both roots by the
    present α, so that every weight shrinks by αₜ/αₜ₋₁ where the rate falls.  At a constant rate
    the two are the same, bit for bit.
    """

    def build(self, variables: list[keras.Variable]) -> None:
        """Make the slots, and one for the rate that each variable saw last."""
        if self.built:
            return
        super().build(variables)
        self._rates = [self.add_variable((), name="previous_rate") for _ in variables]

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Move the old proximal terms to the present rate, then step as Keras does."""
        place = self._get_variable_index(variable)
        rate = tf.cast(learning_rate, gradient.dtype)
        before = self._rates[place].value
        before = tf.where(before > 0, before, rate)  # no rate came before the first
        curvature = self.beta + tf.pow(self._accumulators[place], -self.learning_rate_power)
        moved = curvature * (1 / rate - 1 / before) * variable
        self.assign_sub(self._linears[place], moved)
        self.assign(self._rates[place], rate)
        super().update_step(gradient, variable, learning_rate)
