"""Keras's optimizers on one device, their step one kernel where TensorFlow has it.  Imports it.

Keras writes a step as one operation after another, each a pass over all weights; TensorFlow has
kernels that make one pass.  Formulas, state and conventions stay those of Keras.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from ablations.techniques.keras.ftrl import Ftrl
from ablations.techniques.keras.schedule_free import ScheduleFreeAdamW


class SGD(keras.optimizers.SGD):  # type: ignore[misc]
    """w ← w − ηg; with momentum β: v ← βv − ηg, then w ← w + v, or w + βv − ηg (Nesterov)."""

    def __init__(self, momentum: float | tf.Variable = 0.0, **options: Any) -> None:
        super().__init__(momentum=float(momentum), **options)
        self.momentum = momentum  # Keras wants a float; a variable does as well here

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Apply the gradient to the variable."""
        rate = tf.cast(learning_rate, gradient.dtype)
        if not self.momentums:
            tf.raw_ops.ResourceApplyGradientDescent(var=variable.handle, alpha=rate, delta=gradient)
            return
        velocity = self.momentums[self._get_variable_index(variable)]
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=velocity.value.handle,
            lr=rate,
            grad=gradient,
            momentum=tf.cast(self.momentum, gradient.dtype),
            use_nesterov=self.nesterov,
        )


class Adam(keras.optimizers.Adam):  # type: ignore[misc]
    """m, s ← running means of g, g²; w ← w − η √(1 − β₂ᵗ)/(1 − β₁ᵗ) m/(√s + ε)."""

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Apply the gradient to the variable."""
        if self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        place = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, gradient.dtype)
        beta_1, beta_2 = (tf.cast(beta, gradient.dtype) for beta in (self.beta_1, self.beta_2))
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].value.handle,
            v=self._velocities[place].value.handle,
            beta1_power=tf.pow(beta_1, step),
            beta2_power=tf.pow(beta_2, step),
            lr=tf.cast(learning_rate, gradient.dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.cast(self.epsilon, gradient.dtype),
            grad=gradient,
        )


_OURS = {
    "SGD": SGD,
    "Adam": Adam,
    "AdamW": Adam,  # Keras applies the decay of weights apart
    "Ftrl": Ftrl,
    "ScheduleFreeAdamW": ScheduleFreeAdamW,
}


class _OneDevice(keras.optimizers.Optimizer):  # type: ignore[misc]
    """Steps without ``tf.distribute``, through which Keras 3.15 keeps every traced graph alive.

    A worker would grow by some 3 MB with each program that it traces and drops again.
    """

    def _backend_update_step(
        self, grads: list[tf.Tensor], trainable_variables: list[keras.Variable], rate: Any
    ) -> None:
        for gradient, variable in zip(grads, trainable_variables, strict=True):
            self.update_step(gradient, variable.value, rate)

    def _apply_weight_decay(self, variables: list[keras.Variable]) -> None:
        if self.weight_decay is None:
            return
        for variable in variables:
            if self._use_weight_decay(variable):
                variable.assign(variable - variable * self.weight_decay * self.learning_rate)


def build(keras_class: str, options: Mapping[str, Any]) -> keras.optimizers.Optimizer:
    """Return an optimizer with the formulas, state and conventions of ``keras_class``.

    Ours where Keras's own step is slow or wrong; all of them on one device.
    """
    kind = _OURS.get(keras_class) or getattr(keras.optimizers, keras_class)
    return type(kind.__name__, (kind, _OneDevice), {})(**options)
