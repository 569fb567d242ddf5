"""Train one run, from its recipe to its ``result.json``."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ablations.data import catalog as data_catalog
from ablations.errors import DataError
from ablations.files import write_atomically
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.inputs import inputs_digest
from ablations.ledger.paths import RunDirectory
from ablations.ledger.records import Result, write_correct
from ablations.study.expand import Run
from ablations.study.recipe import DataRecipe
from ablations.study.yaml_writer import to_yaml
from ablations.telemetry.jsonl import JsonlWriter
from ablations.telemetry.run_events import RunEvents
from ablations.telemetry.writer import MetricWriter, MetricWriters
from ablations.training import checkpoint
from ablations.training.checkpoint import UnusableError
from ablations.training.epoch_record import EpochRecord
from ablations.training.resume import CheckpointManager
from ablations.training.trainers.compiled.programs import Programs
from ablations.training.trainers.compiled.trainer import CompiledTrainer
from ablations.training.trainers.trainer import FinalScores, Trainer
from ablations.training.training_state import Progress, TrainingState


@dataclass(frozen=True)
class TrainingRequest:
    """What one training needs to know."""

    run: Run
    directory: RunDirectory
    """The caller holds its lock."""
    settings: Mapping[str, str | float | bool]
    """The ablated settings, for the HParams dashboard."""
    data_directory: Path | None = None
    data_digest: str = ""
    """That of all inputs as the caller planned the run; empty takes them as they are."""
    from_scratch: bool = False
    """Whether to ignore a checkpoint that the directory holds of this run."""


def train(request: TrainingRequest, programs: Programs) -> Result:
    """Train, log and write the result; return it.

    Raises:
        DataError: the inputs are not those that the caller planned the run with.
    """
    return _Training(request, programs).execute()


class _Training:
    def __init__(self, request: TrainingRequest, programs: Programs) -> None:
        self.started_at, self._start = _now(), time.perf_counter()
        self.run, self.directory, self.request = request.run, request.directory, request
        self.data_digest = _data_digest(request)
        self.fingerprint = fingerprint(self.run.recipe, self.run.seed, self.data_digest)
        self.checkpoints = CheckpointManager(self.directory, self.fingerprint)
        self.trainer: Trainer = CompiledTrainer(
            self.run.trained, self.run.seed, request.data_directory, programs
        )

    def execute(self) -> Result:
        self._restore_or_start()
        write_atomically(self.directory.recipe, to_yaml(self.run.trained.settings()))
        scores = self._train()
        if scores.correct is not None:
            write_correct(self.directory.correct, scores.correct)
        result = self._result(scores)
        result.write(self.directory.result)
        self.checkpoints.remove()
        return result

    # Where training begins

    def _restore_or_start(self) -> None:
        notes: tuple[str, ...] = ()
        if not self.request.from_scratch:
            try:
                if self._restore():
                    return
            except UnusableError as error:
                notes = (f"started anew, as its checkpoint is of no use: {error}",)
        self.checkpoints.clear()
        self.trainer.start(Progress(notes=notes))

    def _restore(self) -> bool:
        """Restore the checkpoint of an interrupted training of this run, if there is one."""
        saved = self.checkpoints.load()
        if saved is None:
            return False
        progress = saved.state.progress
        note = f"continued after epoch {progress.epochs} of {self.trainer.epochs}"
        state = saved.state.model_copy(update={"progress": progress.add_note(note)})
        self.trainer.restore(state, saved.arrays)
        self.checkpoints.truncate_files(saved)
        return True

    # From epoch to epoch

    def _train(self) -> FinalScores:
        """Train and record what is left; return the final scores."""
        earlier = self.directory.events
        with RunEvents(self.directory.path, append_to=earlier[0] if earlier else None) as events:
            if not self.trainer.progress.epochs:
                self._start_session(events)
            writer = MetricWriters(JsonlWriter(self.directory.metrics), events)
            self.trainer.train(lambda record: self._on_epoch_end(record, writer))
            scores = self._final_scores()
            progress = self.trainer.progress
            events.end_session(progress.epochs, scores.metrics, completed=not progress.reason)
        return scores

    def _start_session(self, events: RunEvents) -> None:
        shown = self.trainer.overview()
        events.start_session(
            self.run, self.request.settings, shown.stages, shown.histograms, shown.graph
        )

    def _on_epoch_end(self, record: EpochRecord, writer: MetricWriter) -> None:
        writer.write(record.epoch, record.scalars(), record.histograms)
        if not (record.divergence or record.stopped_early):
            self.checkpoints.save_if_due(self._state, self.trainer.arrays)

    def _state(self) -> TrainingState:
        """Return the state for a checkpoint, with the seconds that the run has taken so far."""
        state = self.trainer.state()
        progress = state.progress.model_copy(update={"seconds": self._seconds()})
        return state.model_copy(update={"progress": progress})

    def _seconds(self) -> float:
        return self.trainer.progress.seconds + time.perf_counter() - self._start

    # Where it ends

    def _final_scores(self) -> FinalScores:
        """Return the final scores, finite ones; a trial of a search never reads the test split."""
        progress = self.trainer.progress
        training = self.run.trained.training
        tested = FinalScores({}) if progress.reason or self.run.trial else self.trainer.test()
        restores_best = training.early_stopping is not None
        summaries = progress.summaries(self.trainer.best_epoch if restores_best else None)
        metrics = {**tested.metrics, **summaries}
        if training.keep_checkpoint:
            checkpoint.save(self.directory.final_state, self.trainer.variables())
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        return FinalScores(finite, tested.correct)

    def _result(self, scores: FinalScores) -> Result:
        progress, run = self.trainer.progress, self.run
        seconds = {
            "compile": progress.compile_seconds,
            "train": progress.train_seconds,
            "total": self._seconds(),
        }
        return Result(
            study=run.study,
            arm=run.arm,
            trial=run.trial,
            seed=run.seed,
            status="diverged" if progress.reason else "completed",
            reason=progress.reason,
            notes=progress.notes,
            fingerprint=self.fingerprint,
            data_digest=self.data_digest,
            metrics=scores.metrics,
            test_examples=0 if scores.correct is None else len(scores.correct),
            stages=progress.stages,
            epochs=progress.epochs,
            best_epoch=self.trainer.best_epoch,
            updates=progress.updates,
            parameters=self.trainer.parameters,
            seconds={name: round(value, 6) for name, value in seconds.items()},
            environment=self.trainer.environment(),
            started_at=self.started_at,
            finished_at=_now(),
        )


def _data_digest(request: TrainingRequest) -> str:
    """Return the digest of all that the run learns from, as it is on this machine.

    Raises:
        DataError: it is not the one that the caller planned with.
    """

    def digest(data: DataRecipe) -> str | None:
        data_catalog.fetch(data.name, request.data_directory)
        return data_catalog.digest(data.name, request.data_directory, data.classes)

    found = inputs_digest(request.run.trained, request.run.seed, digest) or ""
    if request.data_digest and found != request.data_digest:
        raise DataError(
            f"{request.run}: its data changed since the run was planned (digest {found[:12]}; "
            f"wants {request.data_digest[:12]}); start the study again to train on what is there"
        )
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
