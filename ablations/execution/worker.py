"""Train one job in this process: the same code inline, in a worker process and elsewhere."""

from __future__ import annotations

import contextlib
import os
import signal
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablations.errors import Interrupted, TrainerError, UserCodeError, described, one_line
from ablations.execution.catalog import CATALOG
from ablations.files import make_directory
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.lock import HeldError, Lease, hold
from ablations.ledger.paths import RunDirectory, RunsDirectory
from ablations.ledger.records import Result
from ablations.ledger.replaced import is_worth_keeping
from ablations.ledger.standing import classify
from ablations.study.expand import Run, run_path
from ablations.study.recipes import read_recipe

if TYPE_CHECKING:
    from ablations.training.trainers.catalog import Workshop


@dataclass(frozen=True)
class Job:
    """A run in a form that can cross to another process or machine: its recipe is plain data."""

    study: str
    arm: str
    seed: int
    recipe: Mapping[str, Any]
    settings: Mapping[str, str | float | bool]
    """The ablated settings, for the HParams dashboard."""
    runs: Path
    data_digest: str
    """Of all that the run learns from, as it was when the job was made."""
    data_directory: Path | None = None
    rerun: bool = False
    """Train even if a finished result is there."""
    trial: str = ""
    """The trial of the arm's search; empty in the comparison."""
    metric: str = ""
    """The metric that answers the study, which a user's own trainer must return."""
    shares: frozenset[str] = frozenset()
    """Metrics that are shown as a percentage of 1."""
    shared: str = ""
    """The same for all jobs that begin with the same stages, which one alone trains; else empty."""
    made_of: Mapping[str, str] = field(default_factory=dict)
    """The user's own files that the recipe is made of, path → digest, as the study was read."""

    def __str__(self) -> str:
        return run_path(self.study, self.arm, self.seed, self.trial)

    @property
    def directory(self) -> RunDirectory:
        """The run's directory."""
        return RunsDirectory(self.runs).run(self.study, self.arm, self.seed, self.trial)

    def run(self) -> Run:
        """Return the run, its recipe typed again."""
        recipe = read_recipe(self.recipe, {"catalog": CATALOG})
        recipe.__dict__["made_of"] = self.made_of
        return Run(self.study, self.arm, self.seed, recipe, self.trial)


@dataclass(frozen=True)
class Outcome:
    """What became of a job; without a result, another process is training it."""

    job: Job
    result: Result | None
    elsewhere: bool = False
    """Whether another process has trained it, or is training it."""


PATIENCE_SECONDS = 0.5  # ``status`` holds a lock for microseconds when it asks for it
VISIBLE = "CUDA_VISIBLE_DEVICES"
_workshop: Workshop | None = None  # of this process; made when there is something to train


def start(gpu: str | None, per_run: int, tensorflow: bool) -> None:
    """Make this process ready to train on some devices; ``gpu`` is None for the CPU.

    Raises:
        DeviceError: TensorFlow cannot be imported, or finds no such GPU.
    """
    if not tensorflow:
        os.environ[VISIBLE] = "-1" if gpu is None else gpu
        return
    from ablations.training import runtime

    runtime.start(gpu, per_run)


def work(job: Job) -> Outcome:
    """Train a job and return its result; what goes wrong becomes a failed result."""
    directory = job.directory
    try:
        make_directory(directory.path)
        with hold(directory.path, PATIENCE_SECONDS) as lease:
            if not job.rerun and (finished := _finished(job)):
                return Outcome(job, finished, elsewhere=True)
            return Outcome(job, _train(job, lease))
    except HeldError:  # by another trainer, unless its result is there already
        return Outcome(job, _finished(job), elsewhere=True)
    except OSError as error:  # the directory itself cannot be written
        return Outcome(job, _failure(job, f"{type(error).__name__}: {error}"))


def record_failure(job: Job, reason: str) -> Outcome:
    """Return the failed result of a job whose process is gone, written where that can be.

    What it finished before it went is its result.
    """
    finished = None if job.rerun else _finished(job)
    if finished is not None:
        return Outcome(job, finished)
    result = _failure(job, reason)
    with contextlib.suppress(OSError):
        job.directory.path.mkdir(parents=True, exist_ok=True)
        _write_failure(result, job.directory)
    return Outcome(job, result)


def _write_failure(result: Result, directory: RunDirectory) -> None:
    """Write the result of a failed run; one that was to be replaced stays until it is archived."""
    if not is_worth_keeping(directory):
        result.write(directory.result)


def _finished(job: Job) -> Result | None:
    """Return the result that another process finished since the job was made."""
    standing = classify(job.run(), job.directory, job.data_digest)
    return standing.result if standing.finished else None


def _train(job: Job, lease: Lease) -> Result:
    """Train a job, or return its failed result; raise where another process took it over."""
    global _workshop
    try:
        from ablations.training.made_of import check_made_of
        from ablations.training.request import TrainingRequest
        from ablations.training.trainers.catalog import Workshop, trainer_of

        _workshop = _workshop or Workshop()
        run, data = job.run(), job.data_directory
        request = TrainingRequest(
            run,
            job.directory,
            job.settings,
            RunsDirectory(job.runs),
            data,
            job.data_digest,
            from_scratch=job.rerun,
            metric=job.metric,
            shares=job.shares,
            fence=lease.check,
        )
        check_made_of(run)
        return trainer_of(run.recipe).train(request, _workshop)
    except BaseException as error:  # a user's code may end in any way
        if _is_for_us(error):
            raise
        _workshop = None  # what failed half-way may have left a program in no known state
        lease.check()  # what another writes there stays
        if isinstance(error, HeldError):  # of a stage that is shared
            raise
        reason = one_line(str(error)) if isinstance(error, TrainerError) else described(error)
        result = _failure(job, reason)
        if isinstance(error, UserCodeError) and not is_worth_keeping(job.directory):
            _keep_traceback(error, job.directory)
        _write_failure(result, job.directory)
        return result


def _keep_traceback(error: UserCodeError, directory: RunDirectory) -> None:
    """Leave where the user's own code went wrong beside the failed run, in full."""
    if error.__cause__ is not None:
        with contextlib.suppress(OSError):  # the reason stands in the result
            directory.output.write_text("".join(traceback.format_exception(error.__cause__)))


def _is_for_us(error: BaseException) -> bool:
    """Whether an exception asks this program to end, and is not of the code that it runs.

    Where Python's own handler answers Ctrl-C, its exception is that of a user.
    """
    ctrl_c = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    return isinstance(error, Interrupted) or (ctrl_c and isinstance(error, KeyboardInterrupt))


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
