"""Workers that live on: who takes which job, and what a worker's death costs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ablations.commands import studies
from ablations.execution import processes
from ablations.execution.options import Options
from ablations.execution.processes import Processes
from ablations.execution.session import prepare
from ablations.execution.worker import Job, Outcome, record_failure


def jobs(*arms: str) -> list[Job]:
    return [Job("s", arm, 0, {}, {}, Path("runs"), "") for arm in arms]


def test_the_same_run_gives_the_same_bits_inline_and_in_a_worker(
    workplace: Path, tensorflow: object
) -> None:
    study = studies.load("small", {"training.keep_checkpoint": True})[0]

    def states(root: str, executor: str) -> list[bytes]:
        options = Options(runs=Path(root), executor=executor)
        outcomes = prepare(study, options).comparison().execute()
        assert all(o.result and o.result.status == "completed" for o in outcomes)
        return [p.read_bytes() for p in sorted(Path(root).glob("small+*/*/*/checkpoint/state.npz"))]

    inline, workers = states("one", "inline"), states("two", "processes")
    assert len(inline) == 4
    assert inline == workers


def tell_device(job: Job) -> Outcome:
    import tensorflow as tf

    seen = f"{os.environ['CUDA_VISIBLE_DEVICES']} {len(tf.config.list_physical_devices('GPU'))}"
    return record_failure(job, seen)


def test_each_worker_sees_its_own_device_and_nothing_else(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")  # as if there were two GPUs
    monkeypatch.setattr(processes, "work", tell_device)
    options = Options(workers=3)
    prepared = prepare(studies.load("small")[0], options)
    assert isinstance(prepared.executor, Processes)
    assert prepared.executor.devices == ("3", "5", "3")
    seen = {o.result.reason for o in prepared.comparison().execute() if o.result}
    assert seen == {"3 0", "5 0"}  # chosen before TensorFlow looked; this machine has none


def test_more_devices_than_jobs_start_no_idle_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str | None] = []
    feed = lambda self, slot, slots: started.append(slot.gpu)  # noqa: E731
    monkeypatch.setattr(processes._Queue, "feed", feed)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    assert list(Processes(Options()).execute(jobs("a", "b"))) == []
    assert started == ["0", "1"]
