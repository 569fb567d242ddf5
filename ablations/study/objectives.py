"""What a training minimizes and what grades it: the contracts of losses and of metrics."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from ablations.study.protocols import BuiltMeasure, Loss
from ablations.study.scores import SCORES, Direction, Score
from ablations.study.tasks import OF_LOSS, REGRESSION, Kind, Task, task_of
from ablations.study.technique import Technique
from ablations.user_code import PREFIX


class TrainingLoss(Technique):
    """What is minimized, by its Keras name; it decides which task is learned."""

    family: ClassVar[str] = "loss"

    @property
    def learns(self) -> Task:
        """The task."""
        kind: Kind = getattr(self, "task", REGRESSION.kind)
        return OF_LOSS.get(self.name) or task_of(kind)

    def build(self) -> Loss:
        """Return outputs [B, …] and labels [B, …] → losses [B]."""
        raise NotImplementedError


class Measure(Technique):
    """What grades the predictions on the validation and the test split, by its Keras name."""

    family: ClassVar[str] = "metric"

    @property
    def called(self) -> str:
        """What the study calls it; empty where that is its own name."""
        return ""

    @property
    def score(self) -> Score:
        """What is known of it; a user's own says itself which direction is better."""
        own = self.name.rpartition(".")[2] if self.name.startswith(PREFIX) else self.name
        own = self.called or own
        better: Direction = getattr(self, "better", None) or "lower"
        known = SCORES.get(self.name) or Score(own, own.replace("_", " "), better)
        k = getattr(self, "k", None)
        return known if k is None else replace(known, label=f"top-{k} accuracy")

    def build(self) -> BuiltMeasure:
        """Return what is updated with labels and outputs, chunk by chunk."""
        raise NotImplementedError
