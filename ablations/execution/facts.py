"""What must be known before training: the data's sizes and digests, the models' parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ablations.data import catalog as data_catalog
from ablations.data.dataset import DataFacts
from ablations.errors import AblationsError
from ablations.execution.apart import call_apart
from ablations.execution.catalog import CATALOG
from ablations.study.families import Pretraining
from ablations.study.model_families import Model
from ablations.study.recipe import DataRecipe, Recipe
from ablations.study.schema import Arm, Study


def describe_data(study: Study, directory: Path | None) -> dict[DataRecipe, DataFacts]:
    """Return what is known of all data that a study names.

    Raises:
        DataError: data that must be read for it cannot be.
        UserCodeError: a user's function does not return data.
    """
    calls = {data: (data.name, directory, data.classes) for data in _named(study)}
    apart = [data for data in calls if data_catalog.runs_user_code(data.name)]
    told = call_apart(data_catalog.describe, [calls[data] for data in apart])
    found = dict(zip(apart, told, strict=True))
    return {data: found.get(data) or data_catalog.describe(*calls[data]) for data in calls}


def digests(study: Study, directory: Path | None) -> dict[DataRecipe, str | None]:
    """Return the digest of all data that a study names, None where it is not on this machine."""
    return {data: data_catalog.digest(data.name, directory, data.classes) for data in _named(study)}


def _named(study: Study) -> list[DataRecipe]:
    return list(dict.fromkeys(data for arm in study.arms for data in arm.recipe.all_data))


def count_parameters(arms: Sequence[Arm], facts: Mapping[DataRecipe, DataFacts]) -> dict[str, int]:
    """Return arm → how many trainable numbers its model has; only a user's models are built.

    Raises:
        AblationsError: a model cannot be built, or does not fit the data; names the arm.
    """
    built = [arm for arm in arms if arm.recipe.model.needs_building]
    calls = [_call(arm, facts) for arm in built]
    counted = dict(
        zip([arm.name for arm in built], call_apart(_count_by_building, calls), strict=True)
    )
    return {
        arm.name: counted[arm.name] if arm.name in counted else _count(*_call(arm, facts))
        for arm in arms
    }


def check_transfers(
    arms: Sequence[Arm], facts: Mapping[DataRecipe, DataFacts], seeds: Sequence[int]
) -> None:
    """See that the networks of arms that name layers or files of weights fit together.

    Raises:
        AblationsError: a pattern matches no layer, or weights are of another shape.
    """
    named = [arm for arm in arms if _can_misfit(arm.recipe)]
    call_apart(_rehearse, [(arm.name, arm.recipe.settings(), facts, seeds) for arm in named])


def _can_misfit(recipe: Recipe) -> bool:
    transfer = recipe.transfer
    if transfer is None:
        return False
    derived = isinstance(transfer.source, Pretraining) and transfer.reuse == ".*"
    return not derived or transfer.freeze is not None


def _rehearse(
    arm: str, recipe: Mapping[str, Any], facts: Mapping[DataRecipe, DataFacts], seeds: Sequence[int]
) -> None:
    from ablations.training import runtime

    runtime.start()
    from ablations.training.trainers.compiled.transfer import check_transfer

    typed = Recipe.model_validate(recipe, context={"catalog": CATALOG})
    check_transfer(arm, typed, facts, seeds)


def _call(
    arm: Arm, facts: Mapping[DataRecipe, DataFacts]
) -> tuple[str, Model, tuple[int, ...], int]:
    fact = facts[arm.recipe.data]
    return arm.name, arm.recipe.model, fact.input_shape, fact.classes


def _count(arm: str, model: Model, input_shape: tuple[int, ...], classes: int) -> int:
    try:
        return model.parameters(input_shape, classes)
    except AblationsError as error:
        raise type(error)(f"arm {arm}: {error}") from None


def _count_by_building(arm: str, model: Model, input_shape: tuple[int, ...], classes: int) -> int:
    from ablations.training import runtime

    runtime.start()
    return _count(arm, model, input_shape, classes)
