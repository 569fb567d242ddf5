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
        parameters = checks.check(CheckRequest(arms, data, seeds, directory, process))
    return Facts(data, parameters)


def digests(study: Study, directory: Path | None) -> dict[DataRecipe, str | None]:
    """Return the digest of all data that a study names, None where it is not on this machine."""
    return {data: data_catalog.digest(data.name, directory, data.classes) for data in _named(study)}


def _named(study: Study) -> list[DataRecipe]:
    return list(dict.fromkeys(data for arm in study.arms for data in arm.recipe.all_data))


def _describe(
    study: Study, directory: Path | None, process: SeparateProcess
) -> dict[DataRecipe, DataFacts]:
    calls = {data: (data.name, directory, data.classes) for data in _named(study)}
    own = [data for data in calls if data_catalog.runs_user_code(data.name)]
    described = process.call(data_catalog.describe, [calls[data] for data in own])
    facts = dict(zip(own, described, strict=True))
    return {data: facts.get(data) or data_catalog.describe(*calls[data]) for data in calls}
