"""Beside other runners: what they hold is waited for, and what they give up is trained here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ablations.commands import run as run_command
from ablations.commands import train
from ablations.execution import session, worker
from ablations.execution.options import Options
from ablations.execution.worker import Job, Outcome, work
from ablations.ledger import standing
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.lock import hold
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.records import Result

STUDY = """\
study: shared
question: "?"
trainer: python:mine.train
base: {settings: {rate: 1}}
control: slow
arms: {slow: {}, fast: {settings.rate: 2}}
seeds: 3
metrics: {error: {better: lower}}
metric: error
"""


class InTurn:
    """Trains one job after another; after the first, ``meanwhile`` happens."""

    notice = ""
    training: Sequence[Job] = ()

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self._meanwhile = meanwhile
        self.trained: list[str] = []

    def execute(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        for job in jobs:
            self.trained.append(str(job))
            yield work(job)
            if len(self.trained) == 1:
                self._meanwhile()


def _write(job: Job, _: object) -> Result:
    result = Result(
        study=job.study,
        arm=job.arm,
        seed=job.seed,
        status="completed",
        fingerprint=fingerprint(job.run().recipe, job.seed, job.data_digest),
        metrics={"error": float(job.seed)},
    )
    result.write(job.directory.result)
    return result


class Other:
    """Another runner, which holds one run until it is gone."""

    def __init__(self) -> None:
        self._gone, held = threading.Event(), threading.Event()
        directory = RunsDirectory(Path("runs")).run("shared", "slow", 1)
        directory.path.mkdir(parents=True)

        def train() -> None:
            with hold(directory.path):
                held.set()
                self._gone.wait(60)

        self._thread = threading.Thread(target=train)
        self._thread.start()
        held.wait(60)

    def end(self) -> None:
        """Give the run up, without a result."""
        self._gone.set()
        self._thread.join()


@pytest.fixture
def other(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Other]:
    (workplace / "configs" / "shared.yaml").write_text(STUDY)
    (workplace / "mine.py").write_text("def train(run): ...\n")
    monkeypatch.setattr(worker, "_train", _write)
    monkeypatch.setattr(train, "POLL_SECONDS", 0.02)
    found = Other()
    yield found
    found.end()


def test_a_run_whose_holder_died_while_others_were_trained_is_trained_before_the_end(
    other: Other, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    executor = InTurn(meanwhile=other.end)
    monkeypatch.setattr(session, "executor_for", lambda _: executor)
    assert run_command.run("shared", (), (), None, (), Options()) == 0
    assert len(list(Path("runs").rglob("result.json"))) == 6
    assert executor.trained[-1] == "shared/slow/seed-1"
    assert "waits for" not in capsys.readouterr().out


def test_while_it_waits_no_result_is_read(other: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    polls: list[int] = []
    real_read, real_sleep = standing.read_result, time.sleep

    def reading(path: Path) -> Result:
        read.append(path)
        return real_read(path)

    def sleeping(seconds: float) -> None:
        polls.append(len(read))
        if len(polls) == 20:
            other.end()
        real_sleep(seconds)

    monkeypatch.setattr(standing, "read_result", reading)
    monkeypatch.setattr(train, "time", type("Clock", (), {"sleep": staticmethod(sleeping)}))
    monkeypatch.setattr(session, "executor_for", lambda _: InTurn(lambda: None))
    assert run_command.run("shared", (), (), None, (), Options()) == 0
    assert len(polls) >= 20
    assert polls[0] == polls[19] > 0
    assert len(list(Path("runs").rglob("result.json"))) == 6
