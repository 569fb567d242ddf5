"""The executor of worker processes that live on: one slot a device, each with one process.

A slot prefers jobs of the arm that it trained last, whose program is traced already.  A process
that dies takes only its own job with it; its slot starts another.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace

from pebble import ProcessExpired, ProcessPool

from ablations.execution import devices
from ablations.execution.affinity import next_job
from ablations.execution.options import Options
from ablations.execution.parent import end_with_parent
from ablations.execution.worker import Job, Outcome, described, record_failure, work

STARTS = 3
"""Workers that may die one after the other before they take a job."""


def _begin(gpu: str | None) -> None:
    """Set a fresh worker up: its device is chosen before TensorFlow is imported."""
    end_with_parent()
    for asking in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(asking, signal.SIG_IGN)  # a terminal's are the parent's to answer
    from ablations.training import runtime

    runtime.start(gpu)


class _Slot:
    """One worker process and the arm whose program it holds."""

    def __init__(self, gpu: str | None) -> None:
        self._gpu = gpu
        self._pool = self._start()
        self.arm: str | None = None

    def _start(self) -> ProcessPool:
        context = multiprocessing.get_context("spawn")
        return ProcessPool(1, initializer=_begin, initargs=(self._gpu,), context=context)

    def submit(self, job: Job) -> Future[Outcome]:
        """Let the worker train a job."""
        if not self._pool.active:  # its worker died while it had no job: such a pool stays broken
            self.stop()
            self._pool, self.arm = self._start(), None
        self.arm = job.arm
        future: Future[Outcome] = self._pool.schedule(work, args=(job,))
        return future

    def stop(self) -> None:
        """End the worker."""
        self._pool.stop()
        self._pool.join()


@dataclass(frozen=True)
class _Attempt:
    """A job that a slot was given."""

    slot: _Slot
    job: Job
    start: int = 1
    """How many workers were started for it, this one among them."""


class Processes:
    """Trains in one process a worker."""

    def __init__(self, options: Options) -> None:
        """Choose a device for each worker.

        Raises:
            DeviceError: there is no such device here.
        """
        self.devices = tuple(devices.choose(options.device, options.workers))

    def execute(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Train all jobs; yield each outcome as it comes, in the order of finishing."""
        queue = list(jobs)
        slots = [_Slot(gpu) for gpu in self.devices[: len(jobs)]]
        busy: dict[Future[Outcome], _Attempt] = {}
        try:
            for slot in slots:
                self._feed(slot, slots, queue, busy)
            while busy:
                for future in wait(busy, return_when=FIRST_COMPLETED).done:
                    attempt = busy.pop(future)
                    died_before = isinstance(future.exception(), BrokenProcessPool)
                    if died_before and attempt.start < STARTS:
                        again = replace(attempt, start=attempt.start + 1)
                        busy[attempt.slot.submit(attempt.job)] = again
                        continue
                    self._feed(attempt.slot, slots, queue, busy)
                    yield _outcome(future, attempt.job)
        finally:
            for slot in slots:
                slot.stop()

    @staticmethod
    def _feed(
        slot: _Slot,
        slots: list[_Slot],
        queue: list[Job],
        busy: dict[Future[Outcome], _Attempt],
    ) -> None:
        if queue:
            job = queue.pop(next_job(queue, slot.arm, {other.arm for other in slots}))
            busy[slot.submit(job)] = _Attempt(slot, job)


def _outcome(future: Future[Outcome], job: Job) -> Outcome:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, BrokenProcessPool):
        return record_failure(job, f"{STARTS} worker processes in turn died as they started")
    if isinstance(error, ProcessExpired):
        return record_failure(job, f"the worker process died ({_how(error.exitcode)})")
    return record_failure(job, described(error))


def _how(exit_status: int) -> str:
    """Return ``SIGKILL, as for want of memory``, or the exit status."""
    if exit_status >= 0:
        return f"exit status {exit_status}"
    try:
        name = signal.Signals(-exit_status).name
    except ValueError:
        return f"signal {-exit_status}"
    return f"{name}, as the system sends for want of memory" if name == "SIGKILL" else name
