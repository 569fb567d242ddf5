"""What is seen before anything trains: one check for each kind of recipe.

A check returns arm → trainable numbers, where these are known, and raises for what cannot train.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ablations.data.dataset import DataFacts
from ablations.data.inputs import facts_for
from ablations.errors import AblationsError, ModelError, suggest
from ablations.execution.apart import SeparateProcess
from ablations.execution.catalog import CATALOG
from ablations.study.budgets import MOST_PARAMETERS, too_many
from ablations.study.families import Pretraining
from ablations.study.free_recipes import CommandRecipe, FunctionRecipe
from ablations.study.keras_recipe import KerasRecipe
from ablations.study.model_families import Model, Shape
from ablations.study.recipe import DataRecipe, Recipe
from ablations.study.schema import Arm
from ablations.study.tasks import Task
from ablations.study.transfer import TransferRecipe
from ablations.user_code import PREFIX, UserFunction, code_from


@dataclass(frozen=True)
class CheckRequest:
    """What a check is told."""

    arms: Sequence[Arm]
    data: Mapping[DataRecipe, DataFacts]
    """Of all data that the arms name."""
    seeds: Sequence[int]
    directory: Path | None
    """Where data sets are looked for."""
    metric: str
    """What answers the study, of which every run must have a value."""
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
    for arm in arms:
        if _grades_itself(arm.trained):
            call = (arm.name, arm.trained.settings(), data[arm.trained.data].outputs)
            with code_from(arm.recipe.code):
                process.call(_grades, [call])
    transfers = [arm for arm in arms if can_misfit(arm.trained, data)]
    for arm in transfers:
        with code_from(arm.recipe.code):
            process.call(_rehearse, [(arm.name, arm.trained.settings(), data, request.seeds)])
    return parameters


def _grades_itself(recipe: Recipe) -> bool:
    """Whether a loss or a metric is a function of the user's."""
    training = recipe.training
    graders = (training.loss, *training.metrics)
    return any(each is not None and each.name.startswith(PREFIX) for each in graders)


def _grades(arm: str, recipe: Mapping[str, Any], outputs: int) -> None:
    """See that the loss and the metrics of one arm can be called."""
    from ablations.training import runtime

    runtime.start()
    from ablations.training.trainers.compiled.rehearsal import check_grading

    read = Recipe.model_validate(recipe, context={"catalog": CATALOG})
    check_grading(arm, read.training, outputs)


def _count(
    arms: Sequence[Arm], data: Mapping[DataRecipe, DataFacts], process: SeparateProcess
) -> dict[str, int]:
    """Return arm → parameters; only a user's models are built to count them."""
    parameters = {}
    for arm in arms:
        counted = _counted(arm, data[arm.trained.data])
        if arm.trained.model.needs_building:
            with code_from(arm.recipe.code):
                (parameters[arm.name],) = process.call(_parameters_by_building, [counted])
        else:
            parameters[arm.name] = _parameters(*counted)
    return parameters


def _counted(arm: Arm, facts: DataFacts) -> tuple[str, Model, Shape, int, Task]:
    recipe = arm.trained
    return arm.name, recipe.model, facts.input_shape, facts.outputs, recipe.training.task


def _parameters(arm: str, model: Model, input_shape: Shape, outputs: int, task: Task) -> int:
    try:
        count = model.parameters(input_shape, outputs, task)
    except AblationsError as error:
        raise type(error)(f"arm {arm}: {error}") from None
    if count > MOST_PARAMETERS:
        raise ModelError(f"arm {arm}: {too_many('trainable numbers', count, MOST_PARAMETERS)}")
    return count


def _parameters_by_building(
    arm: str, model: Model, input_shape: Shape, outputs: int, task: Task
) -> int:
    from ablations.training import runtime

    runtime.start()
    return _parameters(arm, model, input_shape, outputs, task)


def can_misfit(recipe: Recipe, data: Mapping[DataRecipe, DataFacts]) -> bool:
    """Whether only built networks tell if the layers and weights that a recipe names are there."""
    transfer, chosen = recipe.transfer, (recipe.training.regularization, recipe.training.constraint)
    patterns = [each.layers for each in chosen if each is not None and each.layers is not None]
    if patterns and recipe.model.needs_building:  # else the recipe knows the model's layers
        return True
    if transfer is None:
        return False
    if recipe.source is not None:
        return not _fits_surely(recipe, recipe.source, transfer, data)
    derived = isinstance(transfer.source, Pretraining) and transfer.reuse == ".*"
    return not derived or transfer.freeze is not None


def _fits_surely(
    recipe: Recipe, source: Recipe, transfer: TransferRecipe, data: Mapping[DataRecipe, DataFacts]
) -> bool:
    """Whether a network takes the weights of another task by what is known without building it.

    Both are one model of ours, and each pattern finds some of its kernels and leaves some.
    """
    layers = recipe.model.kernel_layers
    if layers is None or _shape(source.model) != _shape(recipe.model):
        return False
    own, other = facts_for(recipe.data, data), facts_for(source.data, data)
    if own.input_shape != other.input_shape:
        return False
    reused = _matched(transfer.reuse, layers)
    frozen = [transfer.freeze, *(release.freeze for release in transfer.unfreeze)]
    held = [_matched(pattern, layers) for pattern in frozen if pattern is not None]
    return (
        bool(reused)
        and (layers[-1] not in reused or own.outputs == other.outputs)
        and all(0 < len(each) < len(layers) for each in held)
        and (not transfer.cache or all(layers[0] in each for each in held))
    )


def _shape(model: Model) -> dict[str, Any]:
    """Return all of a model but where its weights start."""
    return {**model.model_dump(), "initializer": None}


def _matched(pattern: str, layers: Sequence[str]) -> list[str]:
    return [layer for layer in layers if re.fullmatch(pattern, layer)]


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
    """Evaluate each arm's model on a batch; count the parameters of those that are built alone."""
    seed = min(request.seeds, default=0)
    known: dict[str, int] = {}
    for arm in request.arms:
        settings = arm.recipe.model_dump(mode="json")
        with code_from(arm.recipe.code):
            call = (arm.name, settings, seed, request.directory, request.metric)
            (count,) = request.process.call(_fits, [call])
        known |= {} if count is None else {arm.name: count}
    return known if len(known) == len(request.arms) else {}


def _fits(
    arm: str, settings: Mapping[str, Any], seed: int, directory: Path | None, metric: str
) -> int | None:
    """Return the parameters of one arm's model; None where its first batch builds it."""
    from ablations.training import runtime

    runtime.start()
    from ablations.training.trainers.keras_fit.random_state import deterministic_operations
    from ablations.training.trainers.keras_fit.trainer import KerasTrainer
    from ablations.training.training_state import Progress

    recipe = KerasRecipe.model_validate(settings)
    trainer = KerasTrainer(recipe, seed, directory, metric)
    try:
        with deterministic_operations():
            trainer.start(Progress(), {})
            trainer.callbacks()
            built = trainer.model.built
            trainer.rehearse()
    except AblationsError as error:
        raise type(error)(f"arm {arm}: {error}") from None
    return trainer.parameters if built else None


# A user's own trainers


def _function(request: CheckRequest) -> dict[str, int]:
    """See that the function imports and takes a run."""
    recipes = [arm.recipe for arm in request.arms]
    functions = {(r.code, r.trainer): None for r in recipes if isinstance(r, FunctionRecipe)}
    for code, name in functions:
        with code_from(code):
            request.process.call(_takes_a_run, [(name,)])
    return {}


def _takes_a_run(name: str) -> None:
    UserFunction.named(name).check_takes("run")


def _command(request: CheckRequest) -> dict[str, int]:
    """See that there is a program of the first word's name, and the file that Python runs."""
    from ablations.training.trainers.program.kept import environment

    for arm in request.arms:
        if isinstance(arm.recipe, CommandRecipe):
            program, *words = arm.recipe.words(0, Path())
            where = Path(arm.recipe.code or "")
            if "/" in program:
                program = str(where / program)
            if shutil.which(program, path=environment()["PATH"]) is None:
                raise AblationsError(
                    f'trainer.command: arm {arm.name}: no program "{program}" here; wants one on '
                    "the path, or a path to one that may be executed"
                )
            if _is_missing_script(program, words, where):
                near = suggest(words[0], [path.name for path in where.glob("*.py")])
                raise AblationsError(
                    f"trainer.command: arm {arm.name}: {where / words[0]} is no file; {near}"
                )
    return {}


def _is_missing_script(program: str, words: Sequence[str], where: Path) -> bool:
    """Whether Python is to run a file, ``python train.py``, that is not there."""
    is_python = re.fullmatch(r"python[\d.]*", Path(program).name) is not None
    return (
        is_python and bool(words) and words[0].endswith(".py") and not (where / words[0]).is_file()
    )


CHECKS: Mapping[str, Callable[[CheckRequest], dict[str, int]]] = MappingProxyType(
    {
        Recipe.kind: _compiled,
        KerasRecipe.kind: _keras,
        FunctionRecipe.kind: _function,
        CommandRecipe.kind: _command,
    }
)
"""Kind of recipe → its check."""
