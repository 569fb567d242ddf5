"""What must be known before training: the data's sizes and digests, the models' parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablations.data import catalog as data_catalog
from ablations.data.dataset import DataFacts
from ablations.errors import AblationsError, ModelError
from ablations.execution.apart import SeparateProcess
from ablations.execution.catalog import CATALOG
from ablations.study.budgets import MOST_PARAMETERS, too_many
from ablations.study.families import Pretraining
from ablations.study.model_families import Model
from ablations.study.recipe import DataRecipe, Recipe
from ablations.study.schema import Arm, Study


@dataclass(frozen=True)
class Facts:
    """What is known of a study before it trains."""

    data: Mapping[DataRecipe, DataFacts]
    """Of all data that the study names."""
    parameters: Mapping[str, int]
    """Arm → how many trainable numbers its model has."""

    @property
    def digests(self) -> dict[DataRecipe, str | None]:
        """The digest of each data set; None where it is not on this machine."""
        return {data: facts.digest for data, facts in self.data.items()}


def check(study: Study, arms: Sequence[Arm], seeds: Sequence[int], directory: Path | None) -> Facts:
    """Describe a study's data, and see that the models of some arms fit it and each other.

    What is a user's own, and what needs TensorFlow, is called in one process apart, if at all.

    Raises:
        DataError: data that must be read to be described cannot be.
        UserCodeError: a user's function does not return what it should.
        AblationsError: a model cannot be built, does not fit the data, or does not take the
            weights that it is to start from; names the arm.
    """
    with SeparateProcess() as process:
        data = _describe(study, directory, process)
        parameters = _count(arms, data, process)
        transfers = [arm for arm in arms if _can_misfit(arm.trained)]
        process.call(_rehearse, [(a.name, a.trained.settings(), data, seeds) for a in transfers])
    return Facts(data, parameters)


def digests(study: Study, directory: Path | None) -> dict[DataRecipe, str | None]:
    """Return the digest of all data that a study names, None where it is not on this machine."""
    return {data: data_catalog.digest(data.name, directory, data.classes) for data in _named(study)}


def _named(study: Study) -> list[DataRecipe]:
    return list(dict.fromkeys(data for arm in study.arms for data in arm.trained.all_data))


def _describe(
    study: Study, directory: Path | None, process: SeparateProcess
) -> dict[DataRecipe, DataFacts]:
    calls = {data: (data.name, directory, data.classes) for data in _named(study)}
    own = [data for data in calls if data_catalog.runs_user_code(data.name)]
    described = process.call(data_catalog.describe, [calls[data] for data in own])
    facts = dict(zip(own, described, strict=True))
    return {data: facts.get(data) or data_catalog.describe(*calls[data]) for data in calls}


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
    transfer, chosen = recipe.transfer, (recipe.training.regularization, recipe.training.constraint)
    patterns = [each.layers for each in chosen if each is not None and each.layers is not None]
    if patterns and recipe.model.needs_building:  # else the recipe knows the model's layers
        return True
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
