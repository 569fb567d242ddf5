"""What of a training does not fit the task that its loss learns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ablations.errors import suggest
from ablations.study.scores import SCORES
from ablations.study.tasks import CLASSIFICATION
from ablations.user_code import PREFIX

if TYPE_CHECKING:
    from ablations.study.training_recipe import TrainingRecipe

Misfit = tuple[tuple[str | int, ...], str]
"""Where below ``training``, and what is wrong."""


def misfits(training: TrainingRecipe) -> Iterator[Misfit]:
    """Yield what does not fit."""
    yield from _wrong_metrics(training)
    yield from _wrong_monitors(training)
    if training.class_weights is not None and training.task is not CLASSIFICATION:
        yield ("class_weights",), f"wants classes, and a {training.task.title} has none"
    sharp = training.loss is None or training.loss.name == CLASSIFICATION.loss
    if training.label_smoothing is not None and not sharp:
        yield (
            ("label_smoothing",),
            f"smooths the labels of {CLASSIFICATION.loss} alone; wants that loss, or null",
        )


def _wrong_metrics(training: TrainingRecipe) -> Iterator[Misfit]:
    task, seen = training.task, {"loss"}
    for number, measure in enumerate(training.metrics):
        score = measure.score
        if score.task is not None and score.task is not task:
            known = ", ".join(each.name for each in SCORES.values() if each.task is task)
            yield (
                ("metrics", number),
                f"{score.name} grades a {score.task.title}, as of training.loss: "
                f"{score.task.loss}; a {task.title} wants one of {known}",
            )
        if score.name in seen:
            own = "as: NAME beside it" if measure.name.startswith(PREFIX) else "another metric"
            yield ("metrics", number), f'the name "{score.name}" is taken; wants {own}'
        seen.add(score.name)


def _wrong_monitors(training: TrainingRecipe) -> Iterator[Misfit]:
    known = ["validation_loss", *(f"validation_{score.name}" for score in training.scores)]
    rising = {
        f"validation_{score.name}"
        for score in training.scores
        if score.name not in SCORES and score.better == "higher"
    }
    for place in ("early_stopping", "schedule"):
        monitor = getattr(getattr(training, place), "monitor", "validation_loss")
        if monitor not in known:
            yield (place, "monitor"), f'unknown metric "{monitor}"; {suggest(monitor, known)}'
        elif monitor in rising:
            yield (place, "monitor"), f"{monitor} rises; of one's own metrics wants one that falls"
