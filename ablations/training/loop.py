"""One epoch as one compiled loop: gather, gradient, clip, Keras optimizer, weight average.

Python runs between epochs only.  What each step measured comes back as one small table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablations.study.schema import TrainingRecipe
from ablations.techniques.moving_average import MovingAverage
from ablations.techniques.objectives import Objective
from ablations.telemetry.histograms import OCTAVES
from ablations.training.measure import octave_counts

STEP_COLUMNS = (
    "train_loss",
    "train_accuracy",
    "gradient_norm_before_clipping",
    "gradient_norm_after_clipping",
    "share_of_steps_clipped",
)


@dataclass(frozen=True)
class EpochTrace:
    """What one epoch measured."""

    steps: NDArray[np.float32]
    """[steps done, len(STEP_COLUMNS)], the loss without penalties.

    Fewer steps than asked for when the loss left the finite.
    """
    gradient_counts: NDArray[np.int32]
    """[layers, OCTAVES], over the sampled steps."""

    @property
    def diverged(self) -> bool:
        """Whether the loss of the last step was not finite."""
        return not bool(np.isfinite(self.steps[-1, 0]))

    def means(self) -> dict[str, float]:
        """Return the mean of each column over the steps, summed in double precision."""
        columns = self.steps.astype(np.float64).mean(axis=0)
        return dict(zip(STEP_COLUMNS, columns.tolist(), strict=True))


class EpochLoop:
    """The compiled loop over the batches of one epoch."""

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        training: TrainingRecipe,
        average: MovingAverage | None,
        measured: list[tf.Variable],
        data: tuple[tf.Tensor, tf.Tensor, float],
        objective: Objective,
    ) -> None:
        self.model, self.optimizer = model, optimizer
        self.training, self.average, self.objective = training, average, objective
        self.features, self.labels, self.scale = data
        self.variables = [variable.value for variable in model.trainable_variables]
        self.kernels = [v for v in model.trainable_variables if v.name.endswith("kernel")]
        self.measured = [self._index(variable) for variable in measured]
        self._compiled = tf.function(self._epoch, autograph=False)

    def _index(self, wanted: tf.Variable) -> int:
        return next(i for i, variable in enumerate(self.variables) if variable is wanted)

    def trace(self, batch_size: int) -> None:
        """Trace and optimize the program now, by an epoch of no steps: it changes nothing."""
        self._call(np.zeros([0, batch_size], np.int32), np.zeros(0, np.float32), 1, 0)

    def run(
        self,
        order: NDArray[np.int32],
        rates: NDArray[np.float32],
        sample_every: int,
        augmentation_seed: int,
    ) -> EpochTrace:
        """Train on the rows ``order`` [steps, B] at the learning rates ``rates`` [steps].

        Gradients are sampled every so many steps, 0 is never; the augmentation draws by the
        epoch's own seed.
        """
        every = sample_every or len(order) + 1
        steps, counts = self._call(order, rates, every, augmentation_seed)
        return EpochTrace(steps.numpy(), counts.numpy())

    def _call(
        self, order: NDArray[np.int32], rates: NDArray[np.float32], *numbers: int
    ) -> tuple[tf.Tensor, tf.Tensor]:
        whole = tf.TensorSpec([], tf.int32)
        compiled = self._compiled.get_concrete_function(
            tf.TensorSpec([None, order.shape[1]], tf.int32),
            tf.TensorSpec([None], tf.float32),
            whole,
            whole,
        )
        scalars = [tf.constant(number, tf.int32) for number in numbers]
        steps, counts = compiled(tf.constant(order), tf.constant(rates), *scalars)
        return steps, counts

    def _epoch(
        self, order: tf.Tensor, rates: tf.Tensor, sample_every: tf.Tensor, seed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        steps = tf.shape(order)[0]
        columns = [len(STEP_COLUMNS)]
        rows = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=columns)
        counts = tf.zeros([len(self.measured), OCTAVES], tf.int32)

        def unfinished(step: tf.Tensor, loss: tf.Tensor, *_: Any) -> tf.Tensor:
            return tf.logical_and(step < steps, tf.math.is_finite(loss))

        def body(step: tf.Tensor, loss: tf.Tensor, rows: Any, counts: tf.Tensor) -> tuple[Any, ...]:
            loss, accuracy, gradients = self._gradients(order[step], tf.stack([seed, step]))
            clipped, norms = self._clip(gradients)
            self._update(clipped, rates[step])
            if self.measured:
                sampled = tf.equal((step + 1) % sample_every, 0)
                counts = tf.cond(sampled, lambda: counts + self._count(gradients), lambda: counts)
            return step + 1, loss, rows.write(step, tf.stack([loss, accuracy, *norms])), counts

        _, _, rows, counts = tf.while_loop(
            unfinished, body, (tf.constant(0), tf.constant(0.0), rows, counts)
        )
        return rows.stack(), counts

    def _gradients(
        self, rows: tf.Tensor, seed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        features = tf.cast(tf.gather(self.features, rows), tf.float32) * self.scale
        if self.training.augmentation is not None:
            features = self.training.augmentation.change(features, seed)
        labels = tf.gather(self.labels, rows)
        with tf.GradientTape() as tape:
            losses, hits = self.objective(self.model(features, training=True), labels)
            loss = tf.reduce_mean(losses)
            minimized = tf.add_n([loss, *self._penalties()])
        zero = tf.UnconnectedGradients.ZERO  # a user's model may have what it does not use
        gradients = tape.gradient(minimized, self.variables, unconnected_gradients=zero)
        gradients = [tf.convert_to_tensor(g) for g in gradients]  # an embedding's are sparse
        return loss, tf.reduce_mean(hits), gradients

    def _penalties(self) -> list[tf.Tensor]:
        """Return what is minimized beside the objective; it is not logged."""
        if self.training.regularization is None:
            return list(self.model.losses)
        kernels = [tf.convert_to_tensor(kernel) for kernel in self.kernels]
        return [*self.model.losses, self.training.regularization.penalty(kernels)]

    def _clip(self, gradients: list[tf.Tensor]) -> tuple[list[tf.Tensor], tuple[tf.Tensor, ...]]:
        before = tf.linalg.global_norm(gradients)
        if self.training.clipping is None:
            return gradients, (before, before, tf.constant(0.0))
        clipped, changed = self.training.clipping.clip(gradients)
        return clipped, (before, tf.linalg.global_norm(clipped), tf.cast(changed, tf.float32))

    def _update(self, gradients: list[tf.Tensor], rate: tf.Tensor) -> None:
        self.optimizer.learning_rate.assign(rate)
        self.optimizer.apply(gradients, self.model.trainable_variables)
        if self.training.constraint is not None:
            for kernel in self.kernels:
                kernel.assign(self.training.constraint.project(tf.convert_to_tensor(kernel)))
        if self.average is not None:
            self.average.update(self.optimizer.iterations.value)

    def _count(self, gradients: list[tf.Tensor]) -> tf.Tensor:
        return tf.stack([octave_counts(gradients[index]) for index in self.measured])
