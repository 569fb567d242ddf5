"""Train one run by a program of its own, from its recipe to its ``result.json``."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import ablations
from ablations.errors import TrainerError
from ablations.files import sync, write_atomically
from ablations.ledger import replaced
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.paths import RunDirectory
from ablations.ledger.records import Result, read_history
from ablations.study.declared_metrics import wrong_share
from ablations.study.yaml_writer import to_yaml
from ablations.telemetry.run_events import RunEvents
from ablations.training.made_of import listed, made_of
from ablations.training.request import TrainingRequest, now
from ablations.training.resume import CheckpointManager
from ablations.training.trainers.program.ending import ended_well
from ablations.training.trainers.program.final_metrics import read_final_metrics
from ablations.training.trainers.program.kept import THREADS, KeptProgram, environment
from ablations.training.trainers.program.written import WrittenFiles

VISIBLE = "CUDA_VISIBLE_DEVICES"
NO_GPU = ("", "-1")


@dataclass(frozen=True)
class Beginning:
    """In what state a run's directory is when its program starts."""

    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    """What earlier processes spent on what the directory holds."""


class Program(Protocol):
    """What differs between a user's function and a command."""

    @property
    def work_directory(self) -> str | None:
        """Where it is started; None is the working directory."""

    @property
    def variables(self) -> Mapping[str, str]:
        """What is added to its environment."""

    def words(self, fingerprint: str) -> list[str]:
        """Return what is started."""

    def check(self) -> None:
        """See that it is what the study was read with.

        Raises:
            AblationsError: its code has changed.
        """

    def continues(self, checkpoints: CheckpointManager) -> Beginning | None:
        """Make the directory ready to go on in, and say from where; None to begin anew in it."""

    def follow(self, events: RunEvents) -> Callable[[], None]:
        """Return what is called now and then to record what the program has logged."""

    def notes(self) -> tuple[str, ...]:
        """Return what a reader should know of what it logged; asked once it has ended."""

    def versions(self) -> Mapping[str, Any]:
        """Return the versions of what it computed with, as far as they are known."""

    def imported(self) -> Mapping[str, str]:
        """Return path → digest of the user's own modules that it imported, where that is known."""

    def clean(self) -> None:
        """Remove what is of no use once the run is finished."""


def train(request: TrainingRequest, program: Program) -> Result:
    """Let a program train, log, and leave its final metrics; write the result and return it.

    Raises:
        TrainerError: it failed, or left no such metrics.
    """
    return _ProgramTraining(request, program).execute()


class _ProgramTraining:
    def __init__(self, request: TrainingRequest, program: Program) -> None:
        self.started_at, self._clock = now(), time.perf_counter()
        self.request, self.program, self.run = request, program, request.run
        self.directory: RunDirectory = request.directory
        self.fingerprint = fingerprint(self.run.recipe, self.run.seed, request.data_digest)
        self.checkpoints = CheckpointManager(self.directory, self.fingerprint)

    def execute(self) -> Result:
        self.program.check()
        beginning = self._begin()
        recipe = to_yaml(self.run.recipe.model_dump(mode="json"))
        write_atomically(self.directory.recipe, recipe)
        left = (self.directory.final_metrics, self.directory.output, self.directory.imported)
        for path in left:
            path.unlink(missing_ok=True)
        written = WrittenFiles(Path(self.program.work_directory or "."), self.request.root.root)
        with RunEvents(self.directory.path, append_to=self.directory.events[0]) as events:
            self._run(events)
            final = read_final_metrics(self.directory, self.request.metric)
            if self.run.trial:  # nothing else may choose, or be looked at
                final = final.only(self.request.metric)
            steps = read_history(self.directory.metrics)
            for values in (final.finite, *steps):
                if too_large := wrong_share(values, self.request.shares):
                    raise TrainerError(too_large)
            last = int(steps[-1]["epoch"] or 0) if steps else 0
            events.end_session(last, final.finite, completed=not final.divergence)
        self.request.fence()
        for path in (self.directory.metrics, *self.directory.events):
            if path.is_file():
                sync(path)
        seconds = beginning.seconds + time.perf_counter() - self._clock
        made, wrote = made_of(self.run.recipe, self.program.imported()), written.names()
        told = [f"written outside its directory while it trained: {listed(wrote)}"] if wrote else []
        result = Result(
            study=self.run.study,
            arm=self.run.arm,
            trial=self.run.trial,
            seed=self.run.seed,
            status="diverged" if final.divergence else "completed",
            reason=final.divergence,
            notes=(*beginning.notes, *final.notes, *self.program.notes(), *made.notes, *told),
            fingerprint=self.fingerprint,
            data_digest=self.request.data_digest,
            made_of=made.files,
            wrote=wrote,
            metrics=final.finite,
            epochs=len({line["epoch"] for line in steps}),
            seconds={"compile": 0.0, "train": round(seconds, 6), "total": round(seconds, 6)},
            environment=self._environment(),
            started_at=self.started_at,
            finished_at=now(),
        )
        result.write(self.directory.result)
        self.program.clean()
        return result

    def _begin(self) -> Beginning:
        """Go on in the directory, or begin in it anew."""
        beginning = None
        if not self.request.from_scratch and not replaced.is_worth_keeping(self.directory):
            beginning = self.program.continues(self.checkpoints)
        if beginning is None:
            replaced.keep(self.directory)
            self.checkpoints.clear()
        for path in self.directory.final:
            path.unlink(missing_ok=True)
        if not self.directory.events:
            with RunEvents(self.directory.path) as events:
                events.start_session(self.run, self.request.settings, "")
        return beginning or Beginning()

    def _run(self, events: RunEvents) -> None:
        """Start the program and wait for its end.

        Raises:
            TrainerError: it failed.
            HeldError: the run was taken over by another trainer.
        """
        follow = self.program.follow(events)

        def tick() -> None:
            self.request.fence()
            follow()

        words = self.program.words(self.fingerprint)
        where, variables = self.program.work_directory, self.program.variables
        with KeptProgram(words, self.directory.output, where, variables) as program:
            status = program.wait(tick)
        follow()
        ended_well(status, self.directory.output)

    def _environment(self) -> dict[str, Any]:
        gpus = os.environ.get(VISIBLE, "")
        return {
            "ablations": ablations.__version__,
            "python": platform.python_version(),
            **self.program.versions(),
            "platform": f"{platform.system()} {platform.machine()}",
            "device": "CPU" if gpus in NO_GPU else f"GPU {gpus}",
            "threads": environment()[THREADS[0]],
        }


def version_of(package: str) -> str | None:
    """Return the version of an installed package; None where it is not there."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
