"""Losses of Keras, and a user's, as functions of outputs and labels."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from ablations.errors import UserCodeError
from ablations.study.protocols import Loss
from ablations.user_code import UserFunction

_FROM_LOGITS = ("crossentropy",)
_ONE_HOT = ("categorical_crossentropy", "categorical_focal_crossentropy")


def of_keras(name: str, parameters: Mapping[str, Any]) -> Loss:
    """Return outputs [B, …] and labels → losses [B], by the loss of ``keras.losses``."""
    function: Callable[..., tf.Tensor] = getattr(keras.losses, name)
    options = dict(parameters)
    if name.endswith(_FROM_LOGITS):
        options["from_logits"] = True

    def losses(outputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        if name in _ONE_HOT:
            labels = tf.one_hot(labels, outputs.shape[-1])
        return function(labels, outputs, **options)

    return losses


def of_user(function: UserFunction, parameters: Mapping[str, Any]) -> Loss:
    """Return the losses of a user's function, a mean over what follows B.

    Raises:
        UserCodeError: it does not return a loss for each example.
    """

    def losses(outputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        return for_each_example(function, labels, outputs, parameters)

    return losses


def for_each_example(
    function: UserFunction, labels: tf.Tensor, outputs: tf.Tensor, parameters: Mapping[str, Any]
) -> tf.Tensor:
    """Return ``function(labels, outputs, **parameters)`` as numbers [B], in float32.

    Raises:
        UserCodeError: it does not return a number for each example.
    """
    if inspect.isclass(function.load()):
        raise UserCodeError(f"{function}: is a class; wants a function(y_true, y_pred)")
    returned = function.call(labels, outputs, **parameters)
    try:
        found = tf.cast(tf.convert_to_tensor(returned), tf.float32)
    except (TypeError, ValueError):
        kind = type(returned).__name__
        raise UserCodeError(
            f"{function}: wants a number for each example, [B], got {kind}"
        ) from None
    if found.shape.rank == 0 or found.shape.rank is None:
        raise UserCodeError(
            f"{function}: wants a number for each example, [B], got shape {found.shape}; a mean "
            "over the batch is taken of what it returns"
        )
    return found if found.shape.rank == 1 else tf.reduce_mean(found, range(1, found.shape.rank))
