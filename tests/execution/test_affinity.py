"""Which job a worker takes next."""

from __future__ import annotations

from pathlib import Path

from ablations.execution.affinity import next_job
from ablations.execution.worker import Job


def jobs(*arms: str) -> list[Job]:
    return [Job("s", arm, 0, {}, {}, Path("runs"), "") for arm in arms]


def test_a_worker_goes_on_with_its_arm_then_takes_an_arm_nobody_has_traced() -> None:
    queue = jobs("a", "b", "b", "c")
    assert next_job(queue, "b", {"b"}) == 1
    assert next_job(queue, None, {None, "a"}) == 1
    assert next_job(queue, "x", {"x", "a", "b"}) == 3
    assert next_job(jobs("a", "b"), "x", {"x", "a", "b"}) == 0
