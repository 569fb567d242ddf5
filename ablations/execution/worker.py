"""Train one job in this process: the same code inline, in a worker process and elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablations.execution.catalog import CATALOG
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.lock import HeldError, hold
from ablations.ledger.paths import RunDirectory, RunsDirectory
from ablations.ledger.records import Result, UnreadableResultError, read_result
from ablations.study.expand import Run, place
from ablations.study.recipe import Recipe


@dataclass(frozen=True)
class Job:
    """A run as plain data, ready to cross to another process or machine."""

    study: str
    arm: str
    seed: int
    recipe: Mapping[str, Any]
    settings: Mapping[str, str | float | bool]
    """The ablated settings, for the HParams dashboard."""
    runs: str
    data_digest: str
    data_directory: str | None = None
    rerun: bool = False
    """Train even if a finished result is there."""
    trial: str = ""
    """The trial of the arm's search; empty in the comparison."""

    def __str__(self) -> str:
        return place(self.study, self.arm, self.seed, self.trial)

    @property
    def directory(self) -> RunDirectory:
        """The run's directory."""
        return RunsDirectory(Path(self.runs)).run(self.study, self.arm, self.seed, self.trial)

    def run(self) -> Run:
        """Return the run, its recipe typed again."""
        recipe = Recipe.model_validate(self.recipe, context={"catalog": CATALOG})
        return Run(self.study, self.arm, self.seed, recipe, self.trial)


@dataclass(frozen=True)
class Outcome:
    """What became of a job; without a result, another process is training it."""

    job: Job
    result: Result | None


PATIENCE_SECONDS = 0.5  # for a look by ``status``, which holds a lock for microseconds
_programs: Any = None  # the traced programs of this process, made when TensorFlow is there


def work(job: Job) -> Outcome:
    """Train a job and return its result; what goes wrong becomes a failed result."""
    directory = job.directory
    try:
        directory.path.mkdir(parents=True, exist_ok=True)
        with hold(directory.path, PATIENCE_SECONDS):
            finished = None if job.rerun else _finished(job)
            return Outcome(job, finished or _train(job))
    except HeldError:
        return Outcome(job, None)
    except OSError as error:  # the directory itself cannot be written
        return Outcome(job, _failure(job, f"{type(error).__name__}: {error}"))


def record_failure(job: Job, reason: str) -> Outcome:
    """Return the failed result of a job whose process is gone, written where that can be."""
    result = _failure(job, reason)
    with contextlib.suppress(OSError):
        job.directory.path.mkdir(parents=True, exist_ok=True)
        result.write(job.directory.result)
    return Outcome(job, result)


def _finished(job: Job) -> Result | None:
    """Return the result that another process finished since the job was made."""
    try:
        result = read_result(job.directory.result)
    except UnreadableResultError:
        return None
    wanted = fingerprint(job.run().recipe, job.seed, job.data_digest)
    return result if result.fingerprint == wanted and result.status != "failed" else None


def _train(job: Job) -> Result:
    from ablations.training.run import TrainingRequest, train
    from ablations.training.trainers.compiled.programs import Programs

    global _programs
    _programs = _programs or Programs()
    directory = job.directory
    data = None if job.data_directory is None else Path(job.data_directory)
    try:
        request = TrainingRequest(
            job.run(), directory, job.settings, data, job.data_digest, from_scratch=job.rerun
        )
        return train(request, _programs)
    except Exception as error:
        _programs = None  # what failed half-way may have left a program in no known state
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        result = _failure(job, reason[:500])
        result.write(directory.result)
        return result


def _failure(job: Job, reason: str) -> Result:
    return Result(
        study=job.study,
        arm=job.arm,
        trial=job.trial,
        seed=job.seed,
        status="failed",
        reason=reason,
        fingerprint=fingerprint(job.run().recipe, job.seed, job.data_digest),
        data_digest=job.data_digest,
    )
