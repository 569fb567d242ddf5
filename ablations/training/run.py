"""Train one run, from its recipe to its ``result.json``."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ablations.data import catalog as data_catalog
from ablations.files import write_atomically
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.inputs import inputs_digest
from ablations.ledger.paths import RunDirectory
from ablations.ledger.records import Result, StageRecord, append_epoch
from ablations.study.expand import Run
from ablations.study.recipe import DataRecipe
from ablations.study.yaml_writer import to_yaml
from ablations.telemetry import hparams, tags
from ablations.telemetry.events import EventWriter, finite_scalars, scalar, text
from ablations.training import checkpoint, runtime
from ablations.training.checkpoint import State, UnusableError
from ablations.training.progress import Progress
from ablations.training.resume import Resume
from ablations.training.stage import Stage, describe, stages_of
from ablations.training.trainers.compiled.fit import Fit
from ablations.training.trainers.compiled.programs import Programs
from ablations.training.trainers.compiled.weights import Weights, read_weights, weights_of

LEARNED = "learned/"  # in a checkpoint, before the name of what an earlier stage learned


@dataclass(frozen=True)
class Trial:
    """What one training needs; the directory is nobody else's."""

    run: Run
    directory: RunDirectory
    settings: Mapping[str, str | float | bool]
    """The ablated settings, for the HParams dashboard."""
    data_directory: Path | None = None
    anew: bool = False
    """Start from the beginning even if the directory holds a checkpoint of this run."""


def train(trial: Trial, programs: Programs) -> Result:
    """Train, log and write the result; return it."""
    return _Training(trial, programs).run()


class _Training:
    fit: Fit
    """The current stage."""

    def __init__(self, trial: Trial, programs: Programs) -> None:
        self.began = time.perf_counter()
        self.started_at = _now()
        self.trial, self.recipe, self.seed = trial, trial.run.recipe, trial.run.seed
        self.directory, self.programs = trial.directory, programs
        self.stages = stages_of(self.recipe)
        programs.make_room(len(self.stages))
        self.data_digest = inputs_digest(self.recipe, self.seed, self._digest) or ""
        self.fingerprint = fingerprint(self.recipe, self.seed, self.data_digest)
        self.resume = Resume(self.directory, self.fingerprint)
        self.progress = Progress()
        self.learned: dict[str, NDArray[Any]] = {}
        if trial.anew or not self._continue():
            self.resume.clear()
            self._begin(0)
        write_atomically(self.directory.recipe, to_yaml(self.recipe.settings()))

    def _digest(self, data: DataRecipe) -> str | None:
        data_catalog.fetch(data.name, self.trial.data_directory)
        return data_catalog.digest(data.name, self.trial.data_directory, data.classes)

    # From stage to stage

    def _begin(self, number: int) -> None:
        """Begin a stage with the weights of the stages before, or of a file."""
        stage, weights = self.stages[number], self._weights_for(number)
        self.learned = {} if stage is self.stages[-1] else dict(weights)
        self.progress.begin(stage.name)
        goes_on = number > 0 and self.stages[number - 1].own_task
        earlier = self.fit.rates.state if goes_on else None
        self.fit = self._fit(stage)
        self.fit.start(weights)
        if earlier is not None:
            self.fit.rates.state = earlier

    def _fit(self, stage: Stage) -> Fit:
        return Fit(stage, self.seed, self.trial.data_directory, self.programs, self.progress)

    def _weights_for(self, number: int) -> Weights:
        """Return what the stages before, or a file, have to hand on."""
        if number > 0:
            self.fit.restore_best()
            return {**self.learned, **weights_of(self.fit.program.model)}
        transfer = self.recipe.transfer
        path = None if transfer is None else transfer.source.file(self.seed)
        return {} if path is None else read_weights(path)

    def _continue(self) -> bool:
        """Take on the checkpoint of an interrupted training of this run, if there is one."""
        try:
            if (found := self.resume.find()) is None:
                return False
            place, state = found
            self.progress = Progress(**place.progress["progress"])
            self.fit = self._fit(self.stages[len(self.progress.stages) - 1])
            learned = {name: state.pop(name) for name in list(state) if name.startswith(LEARNED)}
            self.fit.restore(state, place.progress)
        except UnusableError as error:
            self.progress = Progress()
            self.progress.notes.append(f"started anew, as its checkpoint is of no use: {error}")
            return False
        self.learned = {name.removeprefix(LEARNED): array for name, array in learned.items()}
        self.resume.cut_back(place)
        self.progress.notes.append(f"continued after epoch {place.epochs} of {self._epochs}")
        return True

    @property
    def _epochs(self) -> int:
        return sum(stage.epochs for stage in self.stages)

    def run(self) -> Result:
        earlier = self.directory.events
        with EventWriter(self.directory.path, append_to=earlier[0] if earlier else None) as events:
            if not self.progress.epochs:
                self._introduce(events)
            self._train(events)
            metrics = self._finish()
            final = [scalar(tags.final(name), value) for name, value in metrics.items()]
            end = hparams.session_end(completed=not self.progress.reason)
            events.write(self.progress.epochs, *final, end)
        result = self._result(metrics)
        result.write(self.directory.result)
        self.resume.remove()
        return result

    def _introduce(self, events: EventWriter) -> None:
        run = self.trial.run
        start = hparams.session_start(run, self.trial.settings)
        texts = [text(tags.STAGE_TEXT, describe(self.stages))] if len(self.stages) > 1 else []
        events.write(0, start, *texts, *self.fit.observe())
        events.write_graph(self.fit.program.graph)

    def _train(self, events: EventWriter) -> None:
        progress = self.progress
        while not progress.reason:
            stage, record = self.stages[len(progress.stages) - 1], progress.stages[-1]
            if progress.stopped or record["epochs"] == stage.epochs:
                if stage is self.stages[-1]:
                    break
                self._begin(len(progress.stages))
                continue
            values, shown = self.fit.epoch(stage.first_epoch + record["epochs"])
            if len(self.stages) > 1:
                values[tags.STAGE] = len(progress.stages)
                shown += finite_scalars(tags.STAGE_SCALARS, values)
            append_epoch(self.directory.metrics, values)
            if stage.own_task:
                progress.history.append(values)
            events.write(progress.epochs, *shown)
            if not (progress.reason or progress.stopped):
                self.resume.save_if_due(progress.epochs, self._plain, self._state)

    def _plain(self) -> dict[str, Any]:
        """Return what the host knows, for a checkpoint."""
        return {
            "progress": {**asdict(self.progress), "seconds": self._seconds()},
            **self.fit.plain(),
        }

    def _state(self) -> State:
        """Return all variables, and the weights that earlier stages learned."""
        return {**self.fit.state(), **{LEARNED + n: array for n, array in self.learned.items()}}

    def _seconds(self) -> float:
        return self.progress.seconds + time.perf_counter() - self.began

    def _finish(self) -> dict[str, float]:
        """Return the run's metrics, the finite ones; but for trials read the test split, once."""
        metrics = {} if self.progress.reason or self.trial.run.trial else self.fit.test()
        metrics |= self.progress.metrics()
        if self.recipe.training.keep_checkpoint:
            checkpoint.save(self.directory.final_state, self.fit.program.state())
        return {name: value for name, value in metrics.items() if math.isfinite(value)}

    def _best_epoch(self) -> int | None:
        best = self.fit.best
        if best is None or not best.plateau.best_epoch:
            return self.progress.best_epoch() if best is None else None
        return int(self.progress.history[best.plateau.best_epoch - 1]["epoch"])

    def _result(self, metrics: Mapping[str, float]) -> Result:
        progress, run = self.progress, self.trial.run
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
            notes=tuple(progress.notes),
            fingerprint=self.fingerprint,
            data_digest=self.data_digest,
            metrics=metrics,
            stages=tuple(StageRecord(**record) for record in progress.stages),
            epochs=progress.epochs,
            best_epoch=self._best_epoch(),
            updates=progress.updates,
            parameters=self.fit.program.parameters,
            seconds={name: round(value, 6) for name, value in seconds.items()},
            environment=runtime.environment(),
            started_at=self.started_at,
            finished_at=_now(),
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
