"""Keras's optimizers on one device, their step one kernel where TensorFlow has it.

Keras writes a step as one operation after another, each a pass over all weights; TensorFlow has
kernels that make one pass.  Formulas, state and conventions stay those of Keras.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from ablations.techniques.keras import internals
from ablations.techniques.keras.ftrl import Ftrl
from ablations.techniques.keras.schedule_free import ScheduleFreeAdamW
from ablations.techniques.keras.slots import slot, slots


class SGD(keras.optimizers.SGD):  # type: ignore[misc]
    """w ← w − ηg; with momentum β: v ← βv − ηg, then w ← w + v, or w + βv − ηg (Nesterov)."""

    def __init__(self, momentum: float | tf.Variable = 0.0, **options: Any) -> None:
        super().__init__(momentum=float(momentum), **options)
        self.momentum = momentum  # Keras wants a float; a variable serves as well

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Apply the gradient to the variable."""
        rate = tf.cast(learning_rate, gradient.dtype)
        if not self.momentums:
            tf.raw_ops.ResourceApplyGradientDescent(var=variable.handle, alpha=rate, delta=gradient)
            return
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=slot(self, "momentum", variable).value.handle,
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
        step = tf.cast(self.iterations + 1, gradient.dtype)
        beta_1, beta_2 = (tf.cast(beta, gradient.dtype) for beta in (self.beta_1, self.beta_2))
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=slot(self, "momentum", variable).value.handle,
            v=slot(self, "velocity", variable).value.handle,
            beta1_power=tf.pow(beta_1, step),
            beta2_power=tf.pow(beta_2, step),
            lr=tf.cast(learning_rate, gradient.dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.cast(self.epsilon, gradient.dtype),
            grad=gradient,
        )


class RMSprop(keras.optimizers.RMSprop):  # type: ignore[misc]
    """Keras's class, its accumulator of g² free to start elsewhere than at 0."""

    def __init__(self, initial_accumulator_value: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.initial_accumulator_value = initial_accumulator_value

    def build(self, variables: list[keras.Variable]) -> None:
        """Make the slots."""
        if self.built:
            return
        super().build(variables)
        for accumulator in slots(self, "velocity"):
            accumulator.assign(tf.fill(accumulator.shape, self.initial_accumulator_value))


_OURS = {
    "SGD": SGD,
    "Adam": Adam,
    "RMSprop": RMSprop,
    "AdamW": Adam,  # Keras applies the decay of weights apart
    "Ftrl": Ftrl,
    "ScheduleFreeAdamW": ScheduleFreeAdamW,
}


def build(keras_class: str, parameters: Mapping[str, Any]) -> keras.optimizers.Optimizer:
    """Return an optimizer with the formulas, state and conventions of ``keras_class``.

    Ours where Keras's own step is slow or wrong; all of them on one device.
    """
    kind = _OURS.get(keras_class) or getattr(keras.optimizers, keras_class)
    return internals.on_one_device(kind)(**parameters)


class SlotStarts:
    """Where the variables of a built optimizer start: at constants, or at the weights.

    The iteration count and every slot of Keras's optimizers start at constants, whatever the
    weights are, but for those that the technique declares (``Optimizer.slots_like_weights``).
    """

    def __init__(
        self,
        optimizer: keras.optimizers.Optimizer,
        weights: Sequence[keras.Variable],
        like_weights: tuple[str, ...],
    ) -> None:
        copies = {
            id(copy): weight
            for name in like_weights
            for copy, weight in zip(slots(optimizer, name), weights, strict=True)
        }
        self._starts = [
            (variable, copies.get(id(variable), variable.numpy()))
            for variable in optimizer.variables
        ]

    def reset(self) -> None:
        """Set every variable to its start, the weights being set already."""
        for variable, start in self._starts:
            variable.assign(start)
