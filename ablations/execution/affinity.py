"""Which job a worker takes next: one whose program it holds already, if there is one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from ablations.execution.failures import Failures
from ablations.execution.worker import Job, Outcome


class Worker(Protocol):
    """What trains one job after another."""

    arm: str | None
    """The arm that it trained last, whose program it holds."""
    job: Job | None
    """What it is training."""


class Queue:
    """The jobs that no worker has taken, and the stages that are there for them to share.

    It gives out none while all that have ended have failed alike; see ``failures``.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs, self._failures = list(jobs), Failures()
        self._learned: set[str] = set()

    def __len__(self) -> int:
        return 0 if self._failures.are_all_alike else len(self._jobs)

    def take(self, worker: Worker, workers: Sequence[Worker]) -> Job:
        """Return the job that one of the workers takes."""
        begun = {other.job.shared for other in workers if other.job and other.job.shared}
        taken = {other.arm for other in workers}
        waits_for, failed = begun - self._learned, self._failures.arms
        return self._jobs.pop(next_job(self._jobs, worker.arm, taken, waits_for, failed))

    def put_back(self, job: Job) -> None:
        """Let a job be the first to be taken again."""
        self._jobs.insert(0, job)

    def has_ended(self, outcome: Outcome) -> None:
        """Note what became of a job: the stages that it shares need not be waited for."""
        self._learned.add(outcome.job.shared)
        self._failures.add(outcome)


def next_job(
    queue: Sequence[Job],
    arm: str | None,
    taken: Collection[str | None],
    begun: Collection[str] = (),
    failed: Collection[str] = (),
) -> int:
    """Return the position in the queue of the job that a worker takes.

    One that need not wait for stages that a job has ``begun`` to train, if there is one; of those
    one of an arm that has not ``failed``, so that the first failures are of all arms; of those one
    of ``arm``, which the worker trained last; else one of an arm that no worker has ``taken``,
    for each has to trace an arm's program for itself; else the first.
    """
    at_once = [position for position, job in enumerate(queue) if job.shared not in begun]
    able = at_once or range(len(queue))
    positions = [position for position in able if queue[position].arm not in failed] or able
    own = (position for position in positions if queue[position].arm == arm)
    free = (position for position in positions if queue[position].arm not in taken)
    return next(own, next(free, positions[0]))
