"""What must be known before training: the data's sizes and digests, the models' parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ablations.data import catalog as data_catalog
from ablations.data.dataset import DataFacts
from ablations.execution import checks
from ablations.execution.apart import SeparateProcess
from ablations.execution.checks import CheckRequest
from ablations.study.recipe import DataRecipe
from ablations.study.schema import Arm, Study
from ablations.study.tasks import Task
from ablations.user_code import code_from


@dataclass(frozen=True)
class Facts:
    """What is known of a study before it trains."""

    data: Mapping[DataRecipe, DataFacts]
    """Of all data that the study names."""
    parameters: Mapping[str, int]
    """Arm → how many trainable numbers its model has, where that is known."""

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
        parameters = checks.check(CheckRequest(arms, data, seeds, directory, study.metric, process))
    return Facts(data, parameters)


def digests(study: Study, directory: Path | None) -> dict[DataRecipe, str | None]:
    """Return the digest of all data that a study names, None where it is not on this machine."""
    return {data: _digest(data, directory) for data in _named(study)}


def _digest(data: DataRecipe, directory: Path | None) -> str | None:
    with code_from(data.code):
        return data_catalog.digest(data.name, directory, data.classes)


def _named(study: Study) -> list[DataRecipe]:
    return list(dict.fromkeys(data for arm in study.arms for data in arm.recipe.all_data))


def _describe(
    study: Study, directory: Path | None, process: SeparateProcess
) -> dict[DataRecipe, DataFacts]:
    return {data: _described(data, study.task, directory, process) for data in _named(study)}


def _described(
    data: DataRecipe, task: Task, directory: Path | None, process: SeparateProcess
) -> DataFacts:
    arguments = (data.name, directory, data.classes, task, data.advice)
    if not data_catalog.runs_user_code(data.name):
        return data_catalog.describe(*arguments)
    with code_from(data.code):
        (facts,) = process.call(data_catalog.describe, [arguments])
    return facts
