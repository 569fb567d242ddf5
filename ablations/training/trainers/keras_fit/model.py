"""Calls a user's functions for a compiled model and its callbacks, and checks what they return."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras

from ablations.errors import ModelError, UserCodeError, suggest
from ablations.study.keras_recipe import KerasRecipe
from ablations.training.trainers.keras_fit.data import Splits
from ablations.user_code import UserFunction


def build_model(recipe: KerasRecipe, data: Splits) -> keras.Model:
    """Return the user's compiled model.

    Raises:
        UserCodeError: the function raises, or returns no Keras model.
        ModelError: it is not compiled.
    """
    function = UserFunction.named(recipe.model.name)
    shape = () if data.input_shape is None else (data.input_shape, data.outputs)
    model = function.call(*shape, **recipe.model.parameters)
    if not isinstance(model, keras.Model):
        kind = type(model).__name__
        raise UserCodeError(f"{function}: wants a function that returns a keras.Model, got {kind}")
    if not model.compiled:
        raise ModelError(
            f"{function}: is not compiled; trainer: keras wants a model after compile(optimizer, "
            "loss, metrics)"
        )
    return model


def check_can_be_evaluated(recipe: KerasRecipe, model: keras.Model) -> None:
    """See that ``evaluate`` has a method to call.

    Raises:
        ModelError: the model's class defines neither ``call`` nor ``test_step``.
    """
    kind, called = type(model), getattr(model.call, "__func__", model.call)
    if called is keras.Model.call and kind.test_step is keras.Model.test_step:
        raise ModelError(
            f"{recipe.model.name}: {kind.__name__} has neither call nor test_step, one of which "
            "evaluate needs; expected test_step(self, data), which returns metrics by name as "
            "train_step does"
        )


def callbacks_of(recipe: KerasRecipe) -> list[Any]:
    """Return the user's callbacks, made anew.

    Raises:
        UserCodeError: the function raises, or returns something else.
    """
    called = recipe.training.callbacks
    if called is None:
        return []
    function = UserFunction.named(called.name)
    returned = function.call(**called.parameters)
    if not isinstance(returned, (list, tuple)) or not all(
        isinstance(each, keras.callbacks.Callback) for each in returned
    ):
        raise UserCodeError(f"{function}: wants a list of keras.callbacks.Callback")
    return list(returned)


def lacks(metric: str, measured: Iterable[str]) -> str:
    """Return that the answering metric is not among what the model measures."""
    return (
        f'no metric "{metric}", by which the study compares; {suggest(metric, measured)}; wants '
        "metric: one of these, declared under metrics"
    )
