"""The learning rate of every update of one stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablations.study.families import Schedule
from ablations.study.protocols import ScheduleState
from ablations.study.training_recipe import TrainingRecipe
from ablations.training.checkpoint import UnusableError


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
    """A learning-rate schedule in use; ``state`` is all that a checkpoint must hold of it."""

    def __init__(self, training: TrainingRecipe, steps_per_epoch: int) -> None:
        self.base: float = training.optimizer.learning_rate
        self.schedule: Schedule | None = training.schedule
        self.span = Span(steps_per_epoch, training.epochs)
        self.state: ScheduleState = {} if self.schedule is None else self.schedule.start()

    def of_epoch(self, epoch: int) -> NDArray[np.float32]:
        """Return the learning rate of each update of ``epoch`` (from 1), [steps]."""
        steps = self.span.steps_per_epoch
        if self.schedule is None:
            return np.full(steps, self.base, np.float32)
        t = np.arange((epoch - 1) * steps, epoch * steps, dtype=np.float64)
        return (self.base * self.schedule.factors(t, self.span, self.state)).astype(np.float32)

    def after_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Update the schedule's state with the metrics of ``epoch`` (from 1)."""
        if self.schedule is not None:
            self.state = self.schedule.after_epoch(self.state, epoch, metrics)

    def restore(self, state: ScheduleState) -> None:
        """Restore the state of a checkpoint.

        Raises:
            UnusableError: it is of another schedule; nothing was changed.
        """
        if state.keys() != self.state.keys():
            raise UnusableError("it is of another learning-rate schedule")
        self.state = state
