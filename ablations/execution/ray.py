"""The executor of Ray actors, here or on a cluster: the one file that imports Ray.

An actor holds a slot as the executor of processes does: a worker process of ours, on the actor's
device, with TensorFlow loaded.  So a run that kills its process is told from a node that is lost:
the first is the run's failure, with the same words as elsewhere; after the second the run is
trained on another node.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import signal
import sys
import tempfile
import threading
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

from ablations import __version__
from ablations.data.locate import DIRECTORY_VARIABLE
from ablations.errors import (
    ASKING_TO_END,
    AblationsError,
    DeviceError,
    RunsDirectoryError,
    described,
)
from ablations.execution import devices
from ablations.execution.affinity import Queue
from ablations.execution.options import Options
from ablations.execution.processes import STARTS, SlotKind
from ablations.execution.ray_address import check_reachable, token_hint
from ablations.execution.trainer_of_node import Place, Trainer
from ablations.execution.worker import Job, Outcome, record_failure

LOSSES = 3
"""Actors that may be lost, one after the other, with the same job."""
WORD_AFTER_SECONDS = 10.0
OBJECT_STORE_BYTES = 80_000_000  # the least that Ray takes; what crosses is small
LOCAL = "local"


class _Seat:
    """A place for one actor after another, and what the present one was asked."""

    def __init__(self) -> None:
        self.actor: Any = None
        self.answer: Any = None
        """What is waited for: that it has begun, or a job's outcome."""
        self.begun = False
        self.job: Job | None = None
        self.arm: str | None = None
        self.starts = 0


class Ray:
    """Trains in one actor a device."""

    def __init__(self, options: Options) -> None:
        """Choose devices; those of a cluster are known once it is joined.

        Raises:
            AblationsError: Ray is not installed.
            DeviceError: there is no such device here.
        """
        if importlib.util.find_spec("ray") is None:
            raise AblationsError(
                "--executor ray: Ray is not installed here; wants pip install ray, or "
                "requirements-ray.lock for the tested version"
            )
        self._options, self._address = options, options.address or LOCAL
        self._kind, self.notice = SlotKind.of(options), ""
        self._study: _Study | None = None
        if self._address == LOCAL:
            how_many = options.workers, options.devices_per_run, options.tensorflow
            chosen = devices.choose(options.device, *how_many)
            self.devices, self.notice = chosen.gpus, chosen.notice

    @property
    def training(self) -> tuple[Job, ...]:
        """The jobs that the actors are training."""
        seats = self._study.seats if self._study else ()
        return tuple(job for seat in seats if (job := seat.job))

    def execute(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Train all jobs; yield each outcome as it comes, in the order of finishing.

        Raises:
            AblationsError: the cluster cannot be joined, or has no node that can be used.
        """
        if not jobs:
            return
        root = self._options.runs.absolute()
        with (
            self._connected() as ray,
            tempfile.NamedTemporaryFile(dir=root, prefix=".ray.") as mark,
        ):
            data = os.environ.get(DIRECTORY_VARIABLE)
            place = Place(__version__, Path.cwd(), Path(mark.name), data, self._kind)
            self._study = _Study(ray, place, *self._seats(ray))
            yield from self._study.train(jobs)

    def _seats(self, ray: Any) -> tuple[int, float]:
        """Return how many actors there may be, and the GPUs of each."""
        if self._address == LOCAL:
            groups = set(self.devices) - {None}
            return len(self.devices), min(1.0, len(groups) / len(self.devices)) * self._kind.per_run
        there = ray.cluster_resources()
        gpus_there = 0 if self._options.device == "cpu" else int(there.get("GPU", 0))
        if self._options.device == "gpu" and not gpus_there:
            raise DeviceError("--device gpu: no node of the cluster has a GPU; wants auto or cpu")
        if not gpus_there:
            most = int(there.get("CPU", 0))
            return min(self._options.workers or most, most), 0.0
        most = len(devices.groups_of(["GPU"] * gpus_there, self._kind.per_run))
        return min(self._options.workers or most, most), float(self._kind.per_run)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        """Start Ray on this machine, reached by nobody else, or join a cluster; leave it after."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        check_reachable(self._address)
        how: dict[str, Any] = {"address": self._address}
        if self._address == LOCAL:
            # By this Ray listens on 127.0.0.1 alone, as it does where it knows no clusters.
            os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
            how |= {
                "num_cpus": len(self.devices),
                "num_gpus": len(set(self.devices) - {None}) * self._kind.per_run,
                "object_store_memory": OBJECT_STORE_BYTES,
                "include_dashboard": False,
            }
        with warnings.catch_warnings(), _signals_kept():
            warnings.simplefilter("ignore")  # of Ray's own
            import ray
            import ray.exceptions

            try:
                ray.init(**how, log_to_driver=False, logging_level=logging.ERROR)
            except (OSError, RuntimeError, ValueError) as error:
                hint = token_hint()
                raise AblationsError(
                    f"--address {self._address}: {described(error)}{hint}"
                ) from None
        try:
            yield ray
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ray.shutdown()


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Put back what answers the signals, of which Ray takes one."""
    kept = {number: signal.getsignal(number) for number in ASKING_TO_END}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in kept.items():
                signal.signal(number, handler)


class _Study:
    """Some jobs, and the actors that train them."""

    def __init__(self, ray: Any, place: Place, seats: int, gpus: float) -> None:
        self._ray, self._place, self._gpus = ray, place, gpus
        self._actors = ray.remote(max_restarts=0, max_task_retries=0)(Trainer).options(
            num_cpus=0 if gpus else 1, num_gpus=gpus, scheduling_strategy="SPREAD"
        )
        self._most = seats
        self.seats: list[_Seat] = []
        self._losses: Counter[str] = Counter()

    def train(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Train all jobs."""
        queue, said = Queue(jobs), False
        self.seats = [_Seat() for _ in range(min(self._most, len(jobs)))]
        for seat in self.seats:
            self._start(seat)
        while queue or any(seat.job for seat in self.seats):
            self._feed(queue)
            asked = {seat.answer: seat for seat in self.seats if seat.answer is not None}
            # Not ray.wait, which makes a KeyboardInterrupt of whatever a signal raises.
            done, _ = wait(asked, WORD_AFTER_SECONDS, FIRST_COMPLETED)
            if not (done or said or any(seat.begun for seat in self.seats)):
                _say("waits for a node of the cluster that has a device to spare")
                said = True
            for answer in done:
                outcome = self._take(asked[answer], queue)
                if outcome is not None:
                    queue.has_ended(outcome)
                    yield outcome

    def _start(self, seat: _Seat) -> None:
        seat.actor = self._actors.remote()
        seat.answer = seat.actor.begin.remote(self._place, bool(self._gpus)).future()
        seat.begun, seat.job, seat.arm = False, None, None

    def _feed(self, queue: Queue) -> None:
        for seat in self.seats:
            if queue and seat.begun and seat.job is None:
                job = queue.take(seat, self.seats)
                seat.job, seat.arm = job, job.arm
                seat.answer = seat.actor.train.remote(_anywhere(job)).future()

    def _take(self, seat: _Seat, queue: Queue) -> Outcome | None:
        """Take an answer; return an outcome if it is one."""
        job, seat.job = seat.job, None
        asked, seat.answer = seat.answer, None
        try:
            answer = asked.result()
        except self._ray.exceptions.RayActorError as error:
            return self._lost(seat, job, queue, described(error))
        except self._ray.exceptions.RayError as error:
            if job is not None:
                return record_failure(job, described(error))
            answer = f"a node cannot be used: {described(error)}"
        if job is not None:
            outcome: Outcome = answer
            return replace(outcome, job=job)
        if answer:
            self._leave(seat, answer)
        else:
            seat.begun, seat.starts = True, 0
        return None

    def _lost(self, seat: _Seat, job: Job | None, queue: Queue, reason: str) -> Outcome | None:
        """Put another actor in the place of one that is gone, and its job first in the queue."""
        with contextlib.suppress(Exception):  # it may live, and cannot be reached
            self._ray.kill(seat.actor)
        seat.starts += 1
        if seat.starts < STARTS:
            self._start(seat)
        else:
            self._leave(seat, f"{STARTS} actors in turn died as they started: {reason}")
        if job is None:
            return None
        self._losses[str(job)] += 1
        if self._losses[str(job)] == LOSSES:
            return record_failure(job, f"{LOSSES} nodes in turn were lost while they trained it")
        _say(f"{job}: its node is lost; it is trained on another")
        queue.put_back(job)
        return None

    def _leave(self, seat: _Seat, reason: str) -> None:
        """Go on without an actor.

        Raises:
            RunsDirectoryError: it was the last.
        """
        self.seats.remove(seat)
        self._ray.kill(seat.actor)
        if not self.seats:
            raise RunsDirectoryError(reason)
        _say(f"{reason}; goes on without it")


def _anywhere(job: Job) -> Job:
    """Return the job as any node that shares the file system can read it."""
    data = job.data_directory
    return replace(job, runs=job.runs.absolute(), data_directory=data and data.absolute())


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
