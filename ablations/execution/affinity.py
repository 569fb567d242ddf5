"""Which job a worker takes next: one whose program it holds already, if there is one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from ablations.execution.worker import Job


class Worker(Protocol):
    """What trains one job after another."""

    arm: str | None
    """The arm that it trained last, whose program it holds."""
    job: Job | None
    """What it is training."""


class Queue:
    """The jobs that no worker has taken, and the stages that are there for them to share."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = list(jobs)
        self._learned: set[str] = set()

    def __len__(self) -> int:
        return len(self._jobs)

    def take(self, worker: Worker, workers: Sequence[Worker]) -> Job:
        """Return the job that one of the workers takes."""
        begun = {other.job.shared for other in workers if other.job and other.job.shared}
        taken = {other.arm for other in workers}
        return self._jobs.pop(next_job(self._jobs, worker.arm, taken, begun - self._learned))

    def put_back(self, job: Job) -> None:
        """Let a job be the first to be taken again."""
        self._jobs.insert(0, job)

    def has_ended(self, job: Job) -> None:
        """Note that a job has ended: the stages that it shares need not be waited for."""
        self._learned.add(job.shared)


def next_job(
    queue: Sequence[Job],
    arm: str | None,
    taken: Collection[str | None],
    begun: Collection[str] = (),
) -> int:
    """Return the position in the queue of the job that a worker takes.

    One that need not wait for stages that a job has ``begun`` to train, if there is one; of those
    one of ``arm``, which the worker trained last; else one of an arm that no worker has ``taken``,
    for each has to trace an arm's program for itself; else the first.
    """
    at_once = [position for position, job in enumerate(queue) if job.shared not in begun]
    positions = at_once or range(len(queue))
    own = (position for position in positions if queue[position].arm == arm)
    free = (position for position in positions if queue[position].arm not in taken)
    return next(own, next(free, positions[0]))
