"""Workers that live on: who takes which job, and what a worker's death costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablations.commands import studies
from ablations.execution import devices, processes
from ablations.execution.options import Options
from ablations.execution.processes import Processes
from ablations.execution.session import prepare
from ablations.execution.worker import Job


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


@pytest.fixture
def three_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were three that TensorFlow can use; no machine has those numbers."""
    monkeypatch.setattr(devices, "_why_unusable", lambda gpus: "")
    monkeypatch.setenv(devices.VISIBLE, "96,97,98")


@pytest.mark.usefixtures("three_gpus")
def test_each_worker_is_promised_its_own_gpu_and_fails_its_run_where_there_is_none(
    workplace: Path,
) -> None:
    prepared = prepare(studies.load("small")[0], Options(workers=2), ["elu"])
    assert isinstance(prepared.executor, Processes)
    assert prepared.executor.devices == ("96", "97")
    results = [o.result for o in prepared.comparison().execute() if o.result]
    assert [result.status for result in results] == ["failed", "failed"]
    promised = {result.reason.partition(" and ")[0] for result in results}
    assert promised == {f"DeviceError: GPU {gpu} was promised" for gpu in (96, 97)}


@pytest.mark.usefixtures("three_gpus")
def test_more_devices_than_jobs_start_no_idle_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str | None] = []
    monkeypatch.setattr(processes, "_feed", lambda slots, _: started.extend(s.gpu for s in slots))
    assert list(Processes(Options()).execute(jobs("a", "b"))) == []
    assert started == ["96", "97"]
