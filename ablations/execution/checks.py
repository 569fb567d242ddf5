"""What is seen before anything trains: one check for each kind of recipe.

A check returns arm → trainable numbers, where these are known, and raises for what cannot train.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ablations.data.dataset import DataFacts
from ablations.errors import AblationsError, ModelError
from ablations.execution.apart import SeparateProcess
from ablations.execution.catalog import CATALOG
from ablations.study.budgets import MOST_PARAMETERS, too_many
from ablations.study.families import Pretraining
from ablations.study.free_recipes import CommandRecipe, FunctionRecipe
from ablations.study.keras_recipe import KerasRecipe
from ablations.study.model_families import Model
from ablations.study.recipe import DataRecipe, Recipe
from ablations.study.schema import Arm
from ablations.user_code import UserFunction


@dataclass(frozen=True)
class CheckRequest:
    """What a check is told."""

    arms: Sequence[Arm]
    data: Mapping[DataRecipe, DataFacts]
    """Of all data that the arms name."""
    seeds: Sequence[int]
    directory: Path | None
    """Where data sets are looked for."""
    process: SeparateProcess
    """Where a user's own code, and what needs TensorFlow, is called."""


def check(request: CheckRequest) -> dict[str, int]:
    """Check some arms; return arm → trainable numbers of its model, where that is known.

    Raises:
        AblationsError: one cannot be trained; names it.
    """
    kinds = dict.fromkeys(arm.recipe.kind for arm in request.arms)
    counts = (CHECKS[kind](request) for kind in kinds)
    return {arm: count for counted in counts for arm, count in counted.items()}


# The compiled trainer


def _compiled(request: CheckRequest) -> dict[str, int]:
    """Count the parameters, and see that networks take the weights that they are to start from."""
    arms, data, process = request.arms, request.data, request.process
    parameters = _count(arms, data, process)
    transfers = [arm for arm in arms if _can_misfit(arm.trained)]
    calls = [(arm.name, arm.trained.settings(), data, request.seeds) for arm in transfers]
    process.call(_rehearse, calls)
    return parameters


def _count(
    arms: Sequence[Arm], data: Mapping[DataRecipe, DataFacts], process: SeparateProcess
) -> dict[str, int]:
    """Return arm → parameters; only a user's models are built to count them."""
    calls = {arm.name: _counted(arm, data[arm.trained.data]) for arm in arms}
    built = [arm.name for arm in arms if arm.trained.model.needs_building]
    counts = process.call(_parameters_by_building, [calls[name] for name in built])
    parameters = dict(zip(built, counts, strict=True))
    rest = [name for name in calls if name not in parameters]
    return parameters | {name: _parameters(*calls[name]) for name in rest}


def _counted(arm: Arm, facts: DataFacts) -> tuple[str, Model, tuple[int, ...], int]:
    return arm.name, arm.trained.model, facts.input_shape, facts.classes


def _parameters(arm: str, model: Model, input_shape: tuple[int, ...], classes: int) -> int:
    try:
        count = model.parameters(input_shape, classes)
    except AblationsError as error:
        raise type(error)(f"arm {arm}: {error}") from None
    if count > MOST_PARAMETERS:
        raise ModelError(f"arm {arm}: {too_many('trainable numbers', count, MOST_PARAMETERS)}")
    return count


def _parameters_by_building(
    arm: str, model: Model, input_shape: tuple[int, ...], classes: int
) -> int:
    from ablations.training import runtime

    runtime.start()
    return _parameters(arm, model, input_shape, classes)


def _can_misfit(recipe: Recipe) -> bool:
    """Whether a recipe names layers or files of weights, which may not be there."""
    transfer = recipe.transfer
    if transfer is None:
        return False
    derived = isinstance(transfer.source, Pretraining) and transfer.reuse == ".*"
    return not derived or transfer.freeze is not None


def _rehearse(
    arm: str, recipe: Mapping[str, Any], data: Mapping[DataRecipe, DataFacts], seeds: Sequence[int]
) -> None:
    """See that the networks of one arm's stages fit together."""
    from ablations.training import runtime

    runtime.start()
    from ablations.training.trainers.compiled.transfer import check_transfer

    check_transfer(arm, Recipe.model_validate(recipe, context={"catalog": CATALOG}), data, seeds)


# Keras's fit


def _keras(request: CheckRequest) -> dict[str, int]:
    """Build each arm's data and model; count the parameters of those that are built by then."""
    seed = min(request.seeds, default=0)
    calls = [
        (arm.name, arm.recipe.model_dump(mode="json"), seed, request.directory)
        for arm in request.arms
    ]
    counts = request.process.call(_fits, calls)
    known = {arm.name: n for arm, n in zip(request.arms, counts, strict=True) if n is not None}
    return known if len(known) == len(calls) else {}


def _fits(arm: str, settings: Mapping[str, Any], seed: int, directory: Path | None) -> int | None:
    """Return the parameters of one arm's model; None where its first batch builds it."""
    from ablations.training import runtime

    runtime.start()
    from ablations.training.trainers.keras_fit.trainer import KerasTrainer
    from ablations.training.training_state import Progress

    recipe = KerasRecipe.model_validate(settings)
    trainer = KerasTrainer(recipe, seed, directory, "")
    try:
        trainer.start(Progress(), {})
        trainer.callbacks()
    except AblationsError as error:
        raise type(error)(f"arm {arm}: {error}") from None
    return trainer.parameters if trainer.model.built else None


# A user's own trainers


def _function(request: CheckRequest) -> dict[str, int]:
    """See that the function imports and takes a run."""
    recipes = [arm.recipe for arm in request.arms]
    names = dict.fromkeys(r.trainer for r in recipes if isinstance(r, FunctionRecipe))
    request.process.call(_takes_a_run, [(name,) for name in names])
    return {}


def _takes_a_run(name: str) -> None:
    UserFunction.named(name).check_takes("run")


def _command(request: CheckRequest) -> dict[str, int]:
    """See that there is a program of the first word's name."""
    from ablations.training.trainers.program.kept import environment

    for arm in request.arms:
        if isinstance(arm.recipe, CommandRecipe):
            program = arm.recipe.words(0, Path())[0]
            if shutil.which(program, path=environment()["PATH"]) is None:
                raise AblationsError(
                    f'trainer.command: arm {arm.name}: no program "{program}" here; wants one on '
                    "the path, or a path to one that may be executed"
                )
    return {}


CHECKS: Mapping[str, Callable[[CheckRequest], dict[str, int]]] = MappingProxyType(
    {
        Recipe.kind: _compiled,
        KerasRecipe.kind: _keras,
        FunctionRecipe.kind: _function,
        CommandRecipe.kind: _command,
    }
)
"""Kind of recipe → its check."""
