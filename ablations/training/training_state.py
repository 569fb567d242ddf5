"""The non-tensor training state: what a checkpoint holds beside the variables' values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from ablations.ledger.records import StageRecord
from ablations.study.metrics import METRICS, Metric, Summary
from ablations.study.scores import SCORES, Score
from ablations.study.tasks import CLASSIFICATION
from ablations.training.epoch_record import EpochRecord

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Progress(BaseModel):
    """How far a training has come: each epoch's record gives the next one."""

    model_config = _FROZEN

    epochs: int = 0
    updates: int = 0
    reason: str = ""
    """Why the training diverged; empty while it has not."""
    stopped: bool = False
    """Whether early stopping has ended the current stage."""
    notes: tuple[str, ...] = ()
    """What a reader of the result should know of how the run came about."""
    compile_seconds: float = 0.0
    train_seconds: float = 0.0
    seconds: float = 0.0
    """What earlier processes spent on the run, up to the checkpoint that this one continues."""
    stages: tuple[StageRecord, ...] = ()
    """The stages begun; the last one is the current."""
    history: tuple[Mapping[str, float], ...] = ()
    """The epochs of the recipe's own task, as in ``metrics.jsonl``."""

    @property
    def stage(self) -> StageRecord:
        """The current stage."""
        return self.stages[-1]

    def begin_stage(self, name: str) -> Progress:
        """Return the progress at the start of the next stage."""
        return self._with(stopped=False, stages=(*self.stages, StageRecord(name=name)))

    def after_epoch(self, record: EpochRecord) -> Progress:
        """Return the progress after one more epoch."""
        stage = self.stage.model_copy(
            update={
                "epochs": self.stage.epochs + 1,
                "updates": self.stage.updates + record.updates - self.updates,
                "losses": record.losses(),
            }
        )
        line = {"epoch": record.epoch, **record.scalars()}
        counted = self._with(
            epochs=record.epoch,
            updates=record.updates,
            reason=record.divergence,
            stopped=record.stopped_early,
            stages=(*self.stages[:-1], stage),
            history=(*self.history, line) if record.own_task else self.history,
        )
        return counted.add_train_seconds(record.seconds)

    def add_train_seconds(self, seconds: float) -> Progress:
        """Count time that the current stage trained."""
        stage = self.stage.model_copy(update={"seconds": self.stage.seconds + seconds})
        return self._with(
            train_seconds=self.train_seconds + seconds, stages=(*self.stages[:-1], stage)
        )

    def add_compile_seconds(self, seconds: float) -> Progress:
        """Count time that tracing and compiling a program took."""
        return self._with(compile_seconds=self.compile_seconds + seconds)

    def add_note(self, note: str) -> Progress:
        """Add a note for the result."""
        return self._with(notes=(*self.notes, note))

    def _with(self, **changes: Any) -> Progress:
        return self.model_copy(update=changes)

    # What the epochs of the recipe's own task say

    def curve(self, metric: str) -> list[float]:
        """Return one metric epoch by epoch, NaN where it was not measured."""
        return [line.get(metric, math.nan) for line in self.history]

    def best_epoch(self, score: Score = SCORES[CLASSIFICATION.score]) -> int | None:
        """Return the first epoch with the best validation score, None where there is none."""
        sign = 1 if score.better == "higher" else -1
        curve = self.curve(f"validation_{score.name}")
        finite = [
            (sign * value, line["epoch"])
            for value, line in zip(curve, self.history, strict=True)
            if math.isfinite(value)
        ]
        _, epoch = max(finite, key=lambda pair: pair[0], default=(math.nan, None))
        return None if epoch is None else int(epoch)

    def summaries(
        self, metrics: Mapping[str, Metric] = METRICS, tested_epoch: int | None = None
    ) -> dict[str, float]:
        """Return those of the final ``metrics`` that summarize a curve.

        ``best`` is that of the finite values.  What is taken of one epoch of a training that did
        not diverge is of that epoch though it is NaN; a diverged one holds what it reached last.
        ``tested_epoch`` is the epoch whose weights are tested, where that is not the last.
        """
        epochs = [line["epoch"] for line in self.history]
        tested = None if tested_epoch is None else epochs.index(tested_epoch)
        values = {
            name: self._summary(metric.summary, tested)
            for name, metric in metrics.items()
            if metric.summary is not None
        }
        return {name: value for name, value in values.items() if value is not None}

    def _summary(self, summary: Summary, tested: int | None) -> float | None:
        place = -1 if summary.take == "last" or tested is None else tested
        line = self.history[place] if self.history else {}
        if summary.take != "best" and not self.reason and summary.metric in line:
            return line[summary.metric]
        return summary.of(self.curve(summary.metric), tested)


class TrainingState(BaseModel):
    """Everything that a training needs to continue and that is no variable."""

    model_config = _FROZEN

    progress: Progress
    rates: Mapping[str, float]
    """The state of the learning-rate schedule."""
    plateau: Mapping[str, float] | None
    """The state of early stopping; None without it."""

    @model_validator(mode="after")
    def _counts_agree(self) -> TrainingState:
        progress = self.progress
        numbers = [line.get("epoch", 0) for line in progress.history]
        if (
            progress.epochs != sum(stage.epochs for stage in progress.stages)
            or progress.updates != sum(stage.updates for stage in progress.stages)
            or numbers != sorted(set(numbers))
            or not all(0 < number <= progress.epochs for number in numbers)
            or (self.plateau or {}).get("best_epoch", 0) > progress.epochs
        ):
            raise ValueError("its counts of epochs and updates do not agree")
        return self
