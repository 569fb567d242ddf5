"""One epoch as one compiled loop of train steps: gather, gradient, clip, optimizer, average.

Python runs between epochs only.  What each step measured comes back as one small table.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablations.study.protocols import Objective
from ablations.techniques.keras.precision import all_finite
from ablations.telemetry.histograms import OCTAVES
from ablations.training.trainers.compiled.built import BuiltTechniques
from ablations.training.trainers.compiled.epoch_trace import STEP_COLUMNS, EpochTrace
from ablations.training.trainers.compiled.evaluation import Split
from ablations.training.trainers.compiled.features import Features, mapped
from ablations.training.trainers.compiled.measure import octave_counts
from ablations.training.trainers.compiled.preprocessing import Preprocess
from ablations.training.trainers.compiled.replicas import Replicas
from ablations.training.trainers.compiled.step_layers import LAYER_COLUMNS, StepLayers


class EpochLoop:
    """The compiled loop over the batches of one epoch.

    ``examples`` are stored as they came, ``preprocess`` is what is done to their features;
    ``measured`` are the kernels whose gradients are counted into histograms.
    """

    def __init__(
        self,
        model: keras.Model,
        techniques: BuiltTechniques,
        measured: list[keras.Variable],
        examples: Split,
        preprocess: Preprocess,
        objective: Objective,
        batch_size: int,
        replicas: Replicas,
    ) -> None:
        self.model, self.techniques, self.objective = model, techniques, objective
        self.replicas = replicas
        self.examples, self.preprocess = examples, preprocess
        self.variables = [variable.value for variable in model.trainable_variables]
        places = {id(variable): place for place, variable in enumerate(model.trainable_variables)}
        self.measured = [places[id(variable)] for variable in measured]
        self.layers = StepLayers(measured, self.measured)
        self.measuring = bool(measured)
        self.batch_size = batch_size
        self.scaler = techniques.loss_scaler
        self._skipped_column = len(STEP_COLUMNS) + len(LAYER_COLUMNS) * len(measured)
        """The last column, which only a loss scaler has: 1 for a step without an update."""

    @cached_property
    def _compiled(self) -> Any:
        order = tf.TensorSpec([None, self.batch_size], tf.int32)
        rates, whole = tf.TensorSpec([None], tf.float32), tf.TensorSpec([], tf.int32)
        epoch = tf.function(self._epoch, autograph=False)
        return epoch.get_concrete_function(order, rates, whole, whole)

    def trace(self) -> None:
        """Trace and optimize the program now, by an epoch of no steps: it changes nothing."""
        self._call(np.zeros([0, self.batch_size], np.int32), np.zeros(0, np.float32), 1, 0)

    def run(
        self,
        order: NDArray[np.int32],
        rates: NDArray[np.float32],
        sample_every: int,
        augmentation_seed: int,
    ) -> EpochTrace:
        """Train on the rows ``order`` [steps, B] at the learning rates ``rates`` [steps].

        Gradients are measured every so many steps, 0 is never; the augmentation draws by the
        epoch's own seed.
        """
        every = sample_every or len(order) + 1
        steps, counts = self._call(order, rates, every, augmentation_seed)
        sampled = np.arange(1, len(steps) + 1) % every == 0
        rows = steps.numpy()
        skipped = rows[:, self._skipped_column :].any(axis=1)
        sampled &= self.measuring & ~skipped
        columns = rows[:, : len(STEP_COLUMNS)]
        of_layers = rows[sampled, len(STEP_COLUMNS) : self._skipped_column]
        scale = None if self.scaler is None else float(self.scaler.scale.numpy())
        return EpochTrace(columns, counts.numpy(), sampled, of_layers, skipped, scale)

    def _call(
        self, order: NDArray[np.int32], rates: NDArray[np.float32], *numbers: int
    ) -> tuple[tf.Tensor, tf.Tensor]:
        scalars = [tf.constant(number, tf.int32) for number in numbers]
        steps, counts = self._compiled(tf.constant(order), tf.constant(rates), *scalars)
        return steps, counts

    def _epoch(
        self, order: tf.Tensor, rates: tf.Tensor, sample_every: tf.Tensor, seed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        steps = tf.shape(order)[0]
        columns = [self._skipped_column + int(self.scaler is not None)]
        rows = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=columns)
        counts = tf.zeros([len(self.measured), OCTAVES], tf.int32)

        def unfinished(step: tf.Tensor, loss: tf.Tensor, *_: Any) -> tf.Tensor:
            return tf.logical_and(step < steps, tf.math.is_finite(loss))

        def body(step: tf.Tensor, loss: tf.Tensor, rows: Any, counts: tf.Tensor) -> tuple[Any, ...]:
            batch = self._batch(order[step], tf.stack([seed, step]))
            loss, score, gradients = self.replicas.mean(self._gradients, batch)
            used, is_clipped = self._clip(gradients)
            due = tf.equal((step + 1) % sample_every, 0)
            if self.scaler is not None:
                finite = all_finite(gradients)
                due, is_clipped = due & finite, tf.where(finite, is_clipped, 0.0)
            norms, counts, held = self._measure(gradients, used, counts, due)
            if self.scaler is None:
                self._update(used, rates[step])
            else:
                self._update_if(finite, used, rates[step])
            row = tf.stack([loss, score, is_clipped, *norms])
            row = tf.concat([row, self._measure_update(held, due)], axis=0)
            if self.scaler is not None:
                row = tf.concat([row, [tf.cast(~finite, tf.float32)]], axis=0)
            return step + 1, loss, rows.write(step, row), counts

        _, _, rows, counts = tf.while_loop(
            unfinished, body, (tf.constant(0), tf.constant(0.0), rows, counts)
        )
        return rows.stack(), counts

    def _batch(self, rows: tf.Tensor, seed: tf.Tensor) -> tuple[Any, ...]:
        """Return features, labels and, where there are, weights of the batch ``rows`` [B]."""
        stored = mapped(lambda each: tf.gather(each, rows), self.examples.features)
        augment = self.techniques.augment
        if augment is None:
            features = self.preprocess(stored)
        else:
            standardize = self.preprocess.standardized
            features = augment(self.preprocess.scaled(stored), seed, standardize)
        labels, weights = tf.gather(self.examples.labels, rows), self.examples.weights
        return (
            (features, labels) if weights is None else (features, labels, tf.gather(weights, rows))
        )

    def _gradients(
        self, features: Features, labels: tf.Tensor, weights: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """Return loss, score and gradients of a batch, or of a replica's part of one."""
        scaler = self.scaler
        with tf.GradientTape() as tape:
            outputs = tf.cast(self.model(features, training=True), tf.float32)
            losses, scores = self.objective(outputs, labels)
            loss = _mean(losses, weights)
            smoothed = self._smoothed(loss, outputs, labels, weights)
            minimized = tf.add_n([smoothed, *self._penalties()])
            minimized = minimized if scaler is None else scaler.scaled(minimized)
        zero = tf.UnconnectedGradients.ZERO  # a user's model may have what it does not use
        gradients = tape.gradient(minimized, self.variables, unconnected_gradients=zero)
        gradients = [tf.convert_to_tensor(g) for g in gradients]  # an embedding's are sparse
        gradients = gradients if scaler is None else scaler.unscaled(gradients)
        return loss, tf.reduce_mean(scores), gradients

    def _smoothed(
        self, loss: tf.Tensor, outputs: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor | None
    ) -> tf.Tensor:
        """Return what is minimized in place of the loss that is logged."""
        smoothed_loss = self.techniques.smoothed_loss
        return loss if smoothed_loss is None else _mean(smoothed_loss(outputs, labels), weights)

    def _penalties(self) -> list[tf.Tensor]:
        """Return what is minimized besides the objective; it is not logged."""
        if self.techniques.penalty is None:
            return list(self.model.losses)
        kernels = [tf.convert_to_tensor(kernel) for kernel in self.techniques.penalized]
        return [*self.model.losses, self.techniques.penalty(kernels)]

    def _clip(self, gradients: list[tf.Tensor]) -> tuple[list[tf.Tensor], tf.Tensor]:
        if self.techniques.clipper is None:
            return gradients, tf.constant(0.0)
        used, changed = self.techniques.clipper.clip(gradients)
        return used, tf.cast(changed, tf.float32)

    def _measure(
        self,
        gradients: list[tf.Tensor],
        used: list[tf.Tensor],
        counts: tf.Tensor,
        due: tf.Tensor,
    ) -> tuple[tuple[tf.Tensor, tf.Tensor], tf.Tensor, tf.Tensor]:
        """Return the norms before and after clipping, and the counts; on a step that is due.

        And what ``_measure_update`` is to be given.
        """
        unknown, nothing = tf.constant(np.nan, tf.float32), self.layers.nothing_held
        if not self.measuring:
            return (unknown, unknown), counts, nothing

        @_apart
        def measure() -> tuple[tf.Tensor, ...]:
            before = tf.linalg.global_norm(gradients)
            after = before if used is gradients else tf.linalg.global_norm(used)
            found = [octave_counts(gradients[index]) for index in self.measured]
            return before, after, counts + tf.stack(found), self.layers.before(gradients)

        before, after, counts, held = tf.cond(
            due, measure, lambda: (unknown, unknown, counts, nothing)
        )
        return (before, after), counts, held

    def _measure_update(self, held: tf.Tensor, due: tf.Tensor) -> tf.Tensor:
        """Return what the step did to each layer, on one that is due; the weights are updated."""
        if not self.measuring:
            return self.layers.unmeasured
        after = _apart(lambda: self.layers.after(held))
        return tf.cond(due, after, lambda: self.layers.unmeasured)

    def _update_if(self, finite: tf.Tensor, gradients: list[tf.Tensor], rate: tf.Tensor) -> None:
        """Update where all gradients are finite; let the loss scaler know."""

        def update() -> tf.Tensor:
            self._update(gradients, rate)
            return tf.constant(0)

        tf.cond(finite, update, lambda: tf.constant(0))
        assert self.scaler is not None
        self.scaler.update(finite)

    def _update(self, gradients: list[tf.Tensor], rate: tf.Tensor) -> None:
        optimizer, project = self.techniques.optimizer, self.techniques.project
        optimizer.learning_rate.assign(rate)
        optimizer.apply(gradients, self.model.trainable_variables)
        if project is not None:
            for kernel in self.techniques.projected:
                kernel.assign(project(tf.convert_to_tensor(kernel)))
        if self.techniques.average is not None:
            self.techniques.average.update(optimizer.iterations.value)
        self.replicas.copy(self.model.trainable_variables)


def _apart(branch: Callable[[], Any]) -> Callable[[], Any]:
    """Let a branch that is seldom taken be one node of the graph, a call.

    TensorFlow visits every node of the branch that is not taken, at each step.
    """
    call: Callable[[], Any] = tf.function(
        branch, autograph=False, experimental_attributes={"_noinline": True}
    )
    return call


def _mean(losses: tf.Tensor, weights: tf.Tensor | None) -> tf.Tensor:
    """Return the mean of losses [N], each times its weight: Σ w·l / N, as in Keras."""
    return tf.reduce_mean(losses if weights is None else losses * weights)
