"""Whose code an exception of ``fit`` came from: a callback's, the model's, the data's."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Any

from ablations.errors import UserCodeError, described
from ablations.study.keras_recipe import KerasRecipe
from ablations.user_code import UserFunction


def blamed(
    error: Exception, recipe: KerasRecipe, callbacks: Sequence[Any], doing: str = "fit"
) -> UserCodeError:
    """Return the error that says which of the user's functions, file and line.

    One that Keras or TensorFlow raises outside of them is of what the model was given.
    """
    model, data, called = recipe.model, recipe.data, recipe.training.callbacks
    if called is not None and (name := raised_in(error, callbacks)):
        function = UserFunction.named(called.name)
        return UserCodeError(f"{function}: {name}: {function.blame(error)}")
    functions = [UserFunction.named(model.name)]
    functions += [UserFunction.named(data.name)] if data.is_function else []
    for function in functions:
        if function.place_of(error):
            return UserCodeError(f"{function}: {doing}: {function.blame(error)}")
    return UserCodeError(f"{model.name}: {doing}: {described(error)}")


def raised_in(error: Exception, callbacks: Sequence[Any]) -> str:
    """Return the class of the callback in whose method the exception was raised; else nothing."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if any(frame.f_locals.get("self") is each for each in callbacks):
            return type(frame.f_locals["self"]).__name__
    return ""
