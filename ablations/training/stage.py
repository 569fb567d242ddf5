"""The stages of a run: what is trained before the recipe's own task, and how that is divided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ablations.study.families import Pretraining
from ablations.study.recipe import Recipe, TrainingRecipe


@dataclass(frozen=True)
class Part:
    """Which part of a network a stage trains, and for what; it shapes the traced program."""

    pretraining: Pretraining | None = None
    """None is the recipe's own objective."""
    level: int = 0
    """Which stage of the pretraining, from 0."""
    frozen: str | None = None
    """The layers that keep their weights, as a regular expression."""
    cached: bool = False
    """Whether the outputs of the frozen bottom are computed once."""

    def rows_per_step(self, batch_size: int) -> int:
        """Return how many rows a batch has: pairs leave none over."""
        paired = self.pretraining is not None and self.pretraining.paired_rows
        return batch_size // 2 * 2 if paired else batch_size

    def settings(self) -> list[Any]:
        """Return plain data that tells parts apart."""
        task = None
        if self.pretraining is not None:
            numbers = {"epochs", "examples", "batch_size", "optimizer"}
            task = self.pretraining.model_dump(mode="json", exclude=numbers)
        return [task, self.level, self.frozen, self.cached]


WHOLE = Part()
ALL = ".*"
"""The pattern that every layer's name matches."""


@dataclass(frozen=True)
class Stage:
    """One stage of a run; its epochs are those of its recipe from ``first_epoch`` on."""

    name: str
    recipe: Recipe
    part: Part = WHOLE
    own_task: bool = True
    """Whether it learns the recipe's own task."""
    reuse: str = ALL
    """The layers that start from the weights learned before."""
    first_epoch: int = 1
    last_epoch: int = 0

    @property
    def epochs(self) -> int:
        """How many epochs it trains."""
        return self.last_epoch - self.first_epoch + 1


def stages_of(recipe: Recipe) -> tuple[Stage, ...]:
    """Return the stages in their order; the last one ends with the recipe's own task learned."""
    if recipe.transfer is None:
        return (Stage("train", recipe, last_epoch=recipe.training.epochs),)
    return (*_before(recipe), *_own_task(recipe))


def _before(recipe: Recipe) -> tuple[Stage, ...]:
    assert recipe.transfer is not None
    source = recipe.transfer.source
    if recipe.source is not None:
        epochs = recipe.source.training.epochs
        return (Stage("source_task", recipe.source, own_task=False, last_epoch=epochs),)
    if not isinstance(source, Pretraining):
        return ()
    training = TrainingRecipe(
        batch_size=source.batch_size or recipe.training.batch_size,
        epochs=source.epochs,
        optimizer=source.optimizer or recipe.training.optimizer,
        clipping=recipe.training.clipping,
    )
    data = recipe.data.model_copy(update={"train_examples": source.examples})
    alone = recipe.model_copy(update={"data": data, "training": training, "transfer": None})
    count = source.stages(recipe.model)
    return tuple(
        Stage(
            f"pretrain{level + 1}" if count > 1 else "pretrain",
            alone,
            Part(source, level),
            own_task=False,
            last_epoch=source.epochs,
        )
        for level in range(count)
    )


def _own_task(recipe: Recipe) -> tuple[Stage, ...]:
    transfer = recipe.transfer
    assert transfer is not None
    epochs = recipe.training.epochs
    reached = [release for release in transfer.unfreeze if release.after_epochs < epochs]
    frozen = [transfer.freeze, *(release.freeze for release in reached)]
    ends = [release.after_epochs for release in reached] + [epochs]
    stages: list[Stage] = []
    for number, (pattern, end) in enumerate(zip(frozen, ends, strict=True), start=1):
        name = f"fine_tune{number}" if len(ends) > 1 else "fine_tune"
        part = Part(frozen=pattern, cached=transfer.cache and pattern is not None)
        first = stages[-1].last_epoch + 1 if stages else 1
        reuse = ALL if stages else transfer.reuse
        stages.append(Stage(name, recipe, part, True, reuse, first, end))
    return tuple(stages)


def describe(stages: tuple[Stage, ...]) -> str:
    """Return a Markdown table of the stages and their epochs, as the run counts them."""
    rows, begin = ["| stage | epochs | task | frozen layers |", "| --- | --- | --- | --- |"], 1
    for stage in stages:
        task = "another task" if stage.part.pretraining is None else stage.part.pretraining.name
        own = "the recipe's own" if stage.own_task else task
        end = begin + stage.epochs - 1
        rows.append(f"| {stage.name} | {begin}–{end} | {own} | {stage.part.frozen or 'none'} |")
        begin = end + 1
    return "\n".join(rows)
