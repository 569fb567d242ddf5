"""Which job a worker takes next: one whose program it holds already, if there is one."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ablations.execution.worker import Job


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
