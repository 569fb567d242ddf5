"""Which job a worker takes next: one whose program it holds already, if there is one."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ablations.execution.worker import Job


def next_job(
    queue: Sequence[Job],
    arm: str | None,
    taken: Collection[str | None],
    in_training: Collection[Job | None] = (),
) -> int:
    """Return the position in the queue of the job that a worker takes.

    One that does not share stages with a job that is ``in_training``, as it would wait for them;
    of those one of ``arm``, which the worker trained last; else one of an arm that no worker has
    ``taken``, for each has to trace an arm's program for itself; else the first.
    """
    busy = {job.shared for job in in_training if job and job.shared}
    at_once = [position for position, job in enumerate(queue) if job.shared not in busy]
    positions = at_once or range(len(queue))
    own = (position for position in positions if queue[position].arm == arm)
    free = (position for position in positions if queue[position].arm not in taken)
    return next(own, next(free, positions[0]))
