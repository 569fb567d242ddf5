"""The learning rates of one training, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablations.study.families import Schedule
from ablations.study.protocols import ScheduleState
from ablations.study.recipe import TrainingRecipe


@dataclass(frozen=True)
class Span:
    """How long a training is."""

    steps_per_epoch: int
    epochs: int

    @property
    def updates(self) -> int:
        """All updates of the training."""
        return self.steps_per_epoch * self.epochs


class LearningRates:
    """A schedule at work; ``state`` is all that a resume needs."""

    def __init__(self, training: TrainingRecipe, steps_per_epoch: int) -> None:
        self.base: float = training.optimizer.learning_rate
        self.schedule: Schedule | None = training.schedule
        self.span = Span(steps_per_epoch, training.epochs)
        self.state: ScheduleState = {} if self.schedule is None else self.schedule.start()

    def of_epoch(self, epoch: int) -> NDArray[np.float32]:
        """Return the rate of each update of ``epoch`` (from 1), [steps]."""
        steps = self.span.steps_per_epoch
        if self.schedule is None:
            return np.full(steps, self.base, np.float32)
        t = np.arange((epoch - 1) * steps, epoch * steps, dtype=np.float64)
        return (self.base * self.schedule.factors(t, self.span, self.state)).astype(np.float32)

    def after_epoch(self, epoch: int, values: dict[str, float]) -> None:
        """Take in the metrics of ``epoch``."""
        if self.schedule is not None:
            self.state = self.schedule.after_epoch(self.state, epoch, values)
