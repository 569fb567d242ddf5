"""Calls a user's own loss and metrics as a training will, before anything trains."""

from __future__ import annotations

import tensorflow as tf

from ablations.errors import AblationsError
from ablations.study.tasks import CLASSIFICATION
from ablations.study.training_recipe import TrainingRecipe


def check_grading(arm: str, training: TrainingRecipe, outputs: int) -> None:
    """Trace the loss and the metrics of a recipe on any number of examples, as an evaluation does.

    Raises:
        UserCodeError: one raises, or does not return a number for each example; names the arm.
    """
    predictions = tf.TensorSpec([None, outputs], tf.float32)
    classes = training.task is CLASSIFICATION
    labels = tf.TensorSpec([None], tf.int32) if classes else predictions
    try:
        if training.loss is not None:
            _trace(training.loss.build(), predictions, labels)
        for measure in training.metrics:
            built = measure.build()
            built.prepare((outputs,))
            _trace(built.update, labels, predictions)
    except AblationsError as error:
        raise type(error)(f"arm {arm}: {error}") from None


def _trace(function: object, *inputs: tf.TensorSpec) -> None:
    tf.function(function, autograph=False).get_concrete_function(*inputs)
