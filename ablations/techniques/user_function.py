"""A user's own function as a technique: found and hashed with the recipe, unchanged when built."""

from __future__ import annotations

from typing import Any

from ablations.errors import UserCodeError
from ablations.study.frozen import problem
from ablations.user_code import FORM as FORM
from ablations.user_code import UserFunction


def code_hash(function: UserFunction) -> str:
    """Return the hash of the function's code: enough to tell versions apart, short in a plan."""
    return function.digest()[:16]


def with_code(value: Any) -> Any:
    """Return a technique's settings with the hash of the function that ``name`` stands for.

    One that is read back keeps the hash that it was made with.
    """
    name = value.get("name", FORM)
    if name == FORM or value.get("code"):  # the form stands for all of them in the catalogue
        return value
    try:
        return {**value, "code": code_hash(UserFunction.named(name))}
    except UserCodeError as error:
        raise problem(f"{name}: {error}") from None


def built_function(name: str, code: str) -> UserFunction:
    """Return the function, to be called.

    Raises:
        UserCodeError: its code is not that of the recipe.
    """
    function = UserFunction.named(name)
    if code_hash(function) != code:
        raise UserCodeError(f"{name}: its code has changed since the study was read")
    return function
