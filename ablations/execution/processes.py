"""The executor of worker processes that live on: one slot a device, each with one process.

A slot prefers jobs of the arm that it trained last, whose program is traced already.  A process
that dies takes only its own job with it; its slot starts another.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

from pebble import ProcessExpired, ProcessPool

from ablations.execution import devices
from ablations.execution.affinity import next_job
from ablations.execution.options import Options
from ablations.execution.worker import Job, Outcome, record_failure, work


def _begin(gpu: str | None) -> None:
    """Set a fresh worker up: its device is chosen before TensorFlow is imported."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    from ablations.training import runtime

    runtime.start(gpu)


class _Slot:
    """One worker process and the arm whose program it holds."""

    def __init__(self, gpu: str | None) -> None:
        context = multiprocessing.get_context("spawn")
        self.pool = ProcessPool(1, initializer=_begin, initargs=(gpu,), context=context)
        self.arm: str | None = None

    def submit(self, job: Job) -> Future[Outcome]:
        self.arm = job.arm
        future: Future[Outcome] = self.pool.schedule(work, args=(job,))
        return future


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
        busy: dict[Future[Outcome], tuple[_Slot, Job]] = {}
        try:
            for slot in slots:
                self._feed(slot, slots, queue, busy)
            while busy:
                for future in wait(busy, return_when=FIRST_COMPLETED).done:
                    slot, job = busy.pop(future)
                    self._feed(slot, slots, queue, busy)
                    yield _outcome(future, job)
        finally:
            for slot in slots:
                slot.pool.stop()
            for slot in slots:
                slot.pool.join()

    @staticmethod
    def _feed(
        slot: _Slot,
        slots: list[_Slot],
        queue: list[Job],
        busy: dict[Future[Outcome], tuple[_Slot, Job]],
    ) -> None:
        if queue:
            job = queue.pop(next_job(queue, slot.arm, {other.arm for other in slots}))
            busy[slot.submit(job)] = (slot, job)


def _outcome(future: Future[Outcome], job: Job) -> Outcome:
    try:
        return future.result()
    except ProcessExpired as error:
        return record_failure(job, f"the worker process died (exit status {error.exitcode})")
    except Exception as error:
        return record_failure(job, f"{type(error).__name__}: {error}")
