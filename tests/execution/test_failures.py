"""Where all runs fail for one reason, a session ends before it has tried them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablations.execution.affinity import Queue
from ablations.execution.failures import ENOUGH
from ablations.execution.worker import Job, Outcome
from ablations.ledger.records import Result
from tests.commands.test_shell import ablations, here

STUDY = """\
study: own
question: Why?
trainer: {command: [test, "{rate}", "!=", "{seed} {directory}"]}
base: {settings: {rate: 0.1}}
control: a
arms: {a: {}, b: {settings.rate: 0.2}, c: {settings.rate: 1e-3}}
seeds: 5
metrics: {error: {better: lower}}
metric: error
"""
LEFT = (
    "it left no final.json in {directory}; wants a flat mapping of metrics there, such as "
    '{"error": 0.1}'
)


class Worker:
    arm: str | None = None
    job: Job | None = None


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def queue_of(arms: str, seeds: int) -> Queue:
    return Queue([Job("s", arm, n, {}, {}, Path("runs"), "") for arm in arms for n in range(seeds)])


def ended(job: Job, status: str, reason: str = "") -> Outcome:
    return Outcome(
        job,
        Result(study="s", arm=job.arm, seed=job.seed, status=status, reason=reason, fingerprint=""),  # type: ignore[arg-type]
    )


def fail(queue: Queue, reason: str = "no file {job}/x at rate {seed}.5") -> Job:
    job = queue.take(Worker(), [Worker()])
    queue.has_ended(ended(job, "failed", reason.format(job=job, seed=job.seed)))
    return job


def test_the_first_failures_are_of_all_arms_and_end_the_queue_where_they_are_alike() -> None:
    queue = queue_of("abc", 4)
    failed = [fail(queue) for _ in range(ENOUGH)]
    assert [job.arm for job in failed] == ["a", "b", "c", "a", "a", "a"]
    assert not queue


@pytest.mark.parametrize("status", ["completed", "diverged"])
def test_one_result_keeps_the_queue_going(status: str) -> None:
    queue = queue_of("abc", 4)
    for _ in range(ENOUGH - 1):
        fail(queue)
    underway = queue.take(Worker(), [Worker()])
    fail(queue)
    assert not queue
    queue.has_ended(ended(underway, status))
    assert len(queue) == 12 - ENOUGH - 1
    for _ in range(len(queue)):
        fail(queue)
    assert not queue


def test_failures_for_several_reasons_or_elsewhere_keep_the_queue_going() -> None:
    queue = queue_of("abc", 6)
    for number in range(ENOUGH):
        fail(queue, "too large" if number else "too small")
    other = queue_of("abc", 6)
    for _ in range(ENOUGH):
        other.has_ended(Outcome(other.take(Worker(), [Worker()]), None))
    assert len(queue) == len(other) == 18 - ENOUGH


def test_a_program_that_leaves_nothing_is_told_after_some_runs_and_the_others_are_pending() -> None:
    Path("own.yaml").write_text(STUDY)
    ran = here("run", "own")
    assert ran.returncode == 1
    assert ran.stdout.count(f": failed: {LEFT}\n") == ENOUGH
    assert ran.stdout.endswith(
        "own: all runs so far failed for one reason; the other 9 are still pending\n"
    )
    assert len(list(Path("runs").rglob("result.json"))) == ENOUGH
    assert "6 failed, 9 pending" in here("plan", "own").stdout
    told = here("status", "own").stdout.splitlines()[-3:]
    assert told == [  # a line a reason, however long, where the output is no terminal
        f"own/a/seed-0: failed: {LEFT}",
        f"own/b/seed-0: failed: {LEFT}",
        f"own/c seeds 0–3: failed: {LEFT}",
    ]


def test_workers_end_the_runs_that_they_have_begun() -> None:
    Path("own.yaml").write_text(STUDY)
    ran = ablations("run", "own", "--workers", "2")
    assert ran.returncode == 1, ran.stderr
    failed = ran.stdout.count(f": failed: {LEFT}\n")
    assert ENOUGH <= failed <= ENOUGH + 1
    assert f"one reason; the other {15 - failed} are still pending" in ran.stdout
    assert len(list(Path("runs").rglob("result.json"))) == failed
    assert not list(Path("runs").rglob(".seed-*.lease"))
