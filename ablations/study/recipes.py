"""All recipes that there are: what a study's ``trainer`` says decides which one its runs have."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ablations.errors import AblationsError, suggest
from ablations.study.free_recipes import CommandRecipe, FreeRecipe, FunctionRecipe
from ablations.study.frozen import problem, show
from ablations.study.keras_recipe import KerasRecipe
from ablations.study.recipe import BaseRecipe, Recipe
from ablations.user_code import FORM, PREFIX

AnyRecipe = Recipe | KerasRecipe | FunctionRecipe | CommandRecipe | FreeRecipe
COMPILED, COMMAND, CWD = Recipe.kind, "command", "cwd"
TRAINERS: Mapping[str, type[AnyRecipe]] = MappingProxyType(
    {COMPILED: Recipe, KerasRecipe.kind: KerasRecipe}
)
"""What a study may write for ``trainer``, beside a function and a command → its recipe."""
OWN_TRAINERS = (FunctionRecipe.kind, CommandRecipe.kind)
"""Kinds of recipes whose metrics only the study and its trainer know."""
KNOWN = (*TRAINERS, FORM, '{command: [python, train.py, "{seed}", "{directory}"]}')


def recipe_type(trainer: Any) -> type[AnyRecipe]:
    """Return the recipe of what trains.

    Raises:
        PydanticCustomError: there is no such trainer; its message says which there are.
    """
    if isinstance(trainer, Mapping):
        if trainer.keys() in ({COMMAND}, {COMMAND, CWD}):
            return CommandRecipe
        others = [key for key in trainer if key not in (COMMAND, CWD)]
        if others:
            raise problem(f'unknown key "{others[0]}"; {suggest(others[0], (COMMAND, CWD))}')
        raise problem(f"expected a mapping with {COMMAND}, got {', '.join(trainer) or 'nothing'}")
    if isinstance(trainer, str) and trainer.startswith(PREFIX):
        return FunctionRecipe
    if not isinstance(trainer, str):
        raise problem(f"wants one of {', '.join(KNOWN)}, got {show(trainer)}")
    if trainer not in TRAINERS:
        raise problem(f'unknown trainer "{trainer}"; {suggest(trainer, KNOWN)}')
    return TRAINERS[trainer]


def with_trainer(trainer: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a recipe as it holds them: that of the compiled trainer is implied."""
    return dict(settings) if trainer == COMPILED else {"trainer": trainer, **settings}


def read_recipe(settings: Mapping[str, Any], context: Mapping[str, Any] | None) -> AnyRecipe:
    """Return the recipe that was written as plain data."""
    trainer = settings.get("trainer", COMPILED)
    return recipe_type(trainer).model_validate(settings, context=context)


def trainable(recipe: BaseRecipe) -> Recipe:
    """Return a recipe of the compiled trainer.

    Raises:
        AblationsError: something else trains it.
    """
    if not isinstance(recipe, Recipe):
        raise AblationsError(f"wants a study of the {COMPILED} trainer, got {recipe.kind}")
    return recipe
