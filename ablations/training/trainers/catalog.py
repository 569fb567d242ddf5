"""What trains a run: one entry for each kind of recipe.

Importing this imports no trainer: each is imported where it is first asked for.  To add one: a
recipe in ``study/recipes.py``, a room beside these, an entry here, and in ``execution/checks.py``
what is to be seen before it trains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from ablations.ledger.records import Result
from ablations.study.free_recipes import CommandRecipe, FunctionRecipe
from ablations.study.keras_recipe import KerasRecipe
from ablations.study.recipe import BaseRecipe, Recipe
from ablations.training.request import TrainingRequest

if TYPE_CHECKING:
    from ablations.training.trainers.compiled.programs import Programs


class Workshop:
    """What a process keeps from one run to the next; a new one is empty."""

    _programs: Programs | None = None

    @property
    def programs(self) -> Programs:
        """The traced programs of the compiled trainer."""
        from ablations.training.trainers.compiled.programs import Programs

        self._programs = self._programs or Programs()
        return self._programs


@dataclass(frozen=True)
class TrainerEntry:
    """One kind of trainer."""

    train: Callable[[TrainingRequest, Workshop], Result]
    """Trains a run in its directory, whose lock the caller holds, and writes its result."""
    needs_tensorflow: bool
    """Whether the process that trains starts TensorFlow first."""


def _compiled(request: TrainingRequest, workshop: Workshop) -> Result:
    from ablations.training.run import train

    return train(request, workshop.programs)


def _keras(request: TrainingRequest, workshop: Workshop) -> Result:
    from ablations.training.run import train_by_fit

    return train_by_fit(request)


def _function(request: TrainingRequest, workshop: Workshop) -> Result:
    from ablations.training.trainers.function.trainer import train_by_function

    return train_by_function(request)


def _command(request: TrainingRequest, workshop: Workshop) -> Result:
    from ablations.training.trainers.command.trainer import train_by_command

    return train_by_command(request)


TRAINERS: Mapping[str, TrainerEntry] = MappingProxyType(
    {
        Recipe.kind: TrainerEntry(_compiled, needs_tensorflow=True),
        KerasRecipe.kind: TrainerEntry(_keras, needs_tensorflow=True),
        FunctionRecipe.kind: TrainerEntry(_function, needs_tensorflow=False),
        CommandRecipe.kind: TrainerEntry(_command, needs_tensorflow=False),
    }
)
"""Kind of recipe → what trains it."""


def trainer_of(recipe: BaseRecipe) -> TrainerEntry:
    """Return what trains a recipe."""
    return TRAINERS[recipe.kind]
