"""Shadow variables."""

from __future__ import annotations

import tensorflow as tf


class MovingAverage:
    """The shadows of some variables; see ``weight_averages.ExponentialMovingAverage``.

    Works eagerly and inside a ``tf.function``; all state is in ``self.state``.
    """

    def __init__(
        self,
        decay: float | tf.Variable,
        ramp: bool,
        zero_debias: bool,
        variables: list[tf.Variable],
    ) -> None:
        self.decay, self.ramp, self.zero_debias = decay, ramp, zero_debias
        self.variables = list(variables)
        self.shadows = [tf.Variable(tf.zeros_like(v), trainable=False) for v in self.variables]
        self.remaining_bias = tf.Variable(1.0, trainable=False)  # the product of all decays so far
        self.reset()

    @property
    def state(self) -> list[tf.Variable]:
        """Everything that a resume needs."""
        return [*self.shadows, self.remaining_bias]

    def reset(self) -> None:
        """Start again from the variables as they are now."""
        self.remaining_bias.assign(1.0)
        for shadow, variable in zip(self.shadows, self.variables, strict=True):
            start = tf.zeros_like(shadow) if self.zero_debias else tf.convert_to_tensor(variable)
            shadow.assign(start)

    def update(self, updates: tf.Tensor) -> None:
        """Average the variables in; ``updates`` counts the updates, this one included."""
        decay = tf.cast(self.decay, tf.float32)
        if self.ramp:
            count = tf.cast(updates, tf.float32)
            decay = tf.minimum(decay, (1.0 + count) / (10.0 + count))
        for shadow, variable in zip(self.shadows, self.variables, strict=True):
            tf.raw_ops.ResourceApplyGradientDescent(  # s −= (1 − d)(s − w) in two passes, not three
                var=shadow.handle, alpha=1.0 - decay, delta=shadow - variable
            )
        if self.zero_debias:
            self.remaining_bias.assign(self.remaining_bias * decay)

    def averages(self) -> list[tf.Tensor]:
        """Return the averaged weights, in the order and the shapes of the variables."""
        if not self.zero_debias:
            return [tf.convert_to_tensor(shadow) for shadow in self.shadows]
        scale = tf.math.divide_no_nan(1.0, 1.0 - self.remaining_bias)
        return [shadow * scale for shadow in self.shadows]
