"""Which job a worker takes next: one whose program it holds already, if there is one."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ablations.execution.worker import Job


def next_job(queue: Sequence[Job], arm: str | None, taken: Collection[str | None]) -> int:
    """Return the position in the queue of the job that a worker takes.

    A job of ``arm``, which the worker trained last; else one of an arm that no worker has
    ``taken``, for each has to trace an arm's program for itself; else the first.
    """
    own = (position for position, job in enumerate(queue) if job.arm == arm)
    free = (position for position, job in enumerate(queue) if job.arm not in taken)
    return next(own, next(free, 0))
