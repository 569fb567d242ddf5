"""The stages of a run: what is trained before the recipe's own task, and how that is divided."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from ablations.errors import DeviceError
from ablations.ledger.fingerprint import as_of_2
from ablations.study.families import Pretraining
from ablations.study.recipe import BaseRecipe, Recipe
from ablations.study.training_recipe import TrainingRecipe
from ablations.study.transfer import TransferRecipe


@dataclass(frozen=True)
class StageSetup:
    """What a stage trains: the task, and the layers that are trainable; it shapes the program."""

    pretraining: Pretraining | None = None
    """The task; None is the classification of the recipe's own data."""
    level: int = 0
    """Which stage of the pretraining it is, from 0."""
    frozen: str | None = None
    """The layers that keep their weights, as a regular expression."""
    cached: bool = False
    """Whether the outputs of the frozen bottom are computed once."""

    def rows_per_step(self, batch_size: int) -> int:
        """Return how many rows a batch has: an even number where rows come in pairs."""
        return batch_size // self.rows_together * self.rows_together

    @property
    def rows_together(self) -> int:
        """How many rows go together: two where they come in pairs."""
        return 2 if self.pretraining is not None and self.pretraining.paired_rows else 1


WHOLE_NETWORK = StageSetup()
ALL_LAYERS = ".*"
"""The pattern that every layer's name matches."""


@dataclass(frozen=True)
class Stage:
    """One stage of a run; its epochs are those of its recipe from ``first_epoch`` on."""

    name: str
    recipe: Recipe
    setup: StageSetup = WHOLE_NETWORK
    own_task: bool = True
    """Whether it learns the recipe's own task."""
    reuse: str = ALL_LAYERS
    """The layers that start from the weights learned before."""
    first_epoch: int = 1
    last_epoch: int = 0

    @property
    def epochs(self) -> int:
        """How many epochs the stage trains."""
        return self.last_epoch - self.first_epoch + 1

    @property
    def content(self) -> dict[str, Any]:
        """What shapes all that the stage learns and records, as plain data."""
        task = self.setup.pretraining
        return {
            "recipe": as_of_2(self.recipe.settings()),
            "task": None if task is None else task.model_dump(mode="json"),
            "level": self.setup.level,
            "epochs": self.epochs,
        }


def earlier_stages(recipe: Recipe) -> tuple[Stage, ...]:
    """Return the stages that learn another task: all runs that have them alike share them."""
    return tuple(stage for stage in stages_of(recipe) if not stage.own_task)


def shared_by(recipe: BaseRecipe, seed: int) -> str:
    """Return a name that the runs have in common which share all earlier stages; empty for none."""
    stages = earlier_stages(recipe) if isinstance(recipe, Recipe) else ()
    if not stages:
        return ""
    content = json.dumps([seed, *(stage.content for stage in stages)], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def stages_of(recipe: Recipe) -> tuple[Stage, ...]:
    """Return the stages in their order; the last one ends with the recipe's own task learned."""
    if recipe.transfer is None:
        return (Stage("train", recipe, last_epoch=recipe.training.epochs),)
    return (*_earlier_stages(recipe, recipe.transfer), *_own_stages(recipe, recipe.transfer))


def _earlier_stages(recipe: Recipe, transfer: TransferRecipe) -> tuple[Stage, ...]:
    """Return the stages that learn another task; none where the weights come from a file."""
    if recipe.source is not None:
        epochs = recipe.source.training.epochs
        return (Stage("source_task", recipe.source, own_task=False, last_epoch=epochs),)
    if not isinstance(transfer.source, Pretraining):
        return ()
    task, alone = transfer.source, _pretraining_recipe(recipe, transfer.source)
    count = task.stages(recipe.model)
    names = [f"pretrain{level + 1}" for level in range(count)] if count > 1 else ["pretrain"]
    return tuple(
        Stage(name, alone, StageSetup(task, level), own_task=False, last_epoch=task.epochs)
        for level, name in enumerate(names)
    )


def _pretraining_recipe(recipe: Recipe, task: Pretraining) -> Recipe:
    """Return the recipe of a pretraining stage.

    It inherits the recipe's gradient clipping, precision and, unless the task names its own,
    optimizer and batch size.  The recipe's loss says only which labels the data has, and which
    outputs the network.  It minimizes another objective, so it inherits nothing that regularizes
    the recipe's own (regularization, constraint, augmentation, weight average, early stopping),
    and no learning-rate schedule.
    """
    training = TrainingRecipe(
        batch_size=task.batch_size or recipe.training.batch_size,
        epochs=task.epochs,
        optimizer=task.optimizer or recipe.training.optimizer,
        loss=recipe.training.loss,
        clipping=recipe.training.clipping,
        precision=recipe.training.precision,
    )
    data = recipe.data.model_copy(update={"train_examples": task.examples})
    return recipe.model_copy(update={"data": data, "training": training, "transfer": None})


def _own_stages(recipe: Recipe, transfer: TransferRecipe) -> tuple[Stage, ...]:
    """Return the stages that learn the recipe's own task, each with fewer layers frozen."""
    epochs = recipe.training.epochs
    releases = [release for release in transfer.unfreeze if release.after_epochs < epochs]
    frozen = [transfer.freeze, *(release.freeze for release in releases)]
    last_epochs = [*(release.after_epochs for release in releases), epochs]
    first_epochs = [1, *(last + 1 for last in last_epochs[:-1])]
    several = len(frozen) > 1
    return tuple(
        Stage(
            name=f"fine_tune{number}" if several else "fine_tune",
            recipe=recipe,
            setup=StageSetup(frozen=pattern, cached=transfer.cache and pattern is not None),
            reuse=transfer.reuse if number == 1 else ALL_LAYERS,
            first_epoch=first,
            last_epoch=last,
        )
        for number, (pattern, first, last) in enumerate(
            zip(frozen, first_epochs, last_epochs, strict=True), start=1
        )
    )


def describe(stages: tuple[Stage, ...]) -> str:
    """Return a Markdown table of the stages and their epochs, as the run counts them."""
    rows = ["| stage | epochs | task | frozen layers |", "| --- | --- | --- | --- |"]
    first = 1
    for stage in stages:
        last = first + stage.epochs - 1
        frozen = stage.setup.frozen or "none"
        rows.append(f"| {stage.name} | {first}–{last} | {_task_name(stage)} | {frozen} |")
        first = last + 1
    return "\n".join(rows)


def _task_name(stage: Stage) -> str:
    if stage.own_task:
        return "the recipe's own"
    return "another task" if stage.setup.pretraining is None else stage.setup.pretraining.name


def check_parts(stage: Stage, devices: int) -> None:
    """Refuse batches that cannot be cut into equal parts, one for each of a run's devices.

    Raises:
        DeviceError: says what could be.
    """
    together, size = stage.setup.rows_together, stage.recipe.training.batch_size
    if stage.setup.rows_per_step(size) % (devices * together):
        raise DeviceError(
            f"--devices-per-run {devices}: a batch of {size} cannot be cut into {devices} equal "
            f"parts; wants training.batch_size a multiple of {devices * together}"
        )
