"""What a worker makes of a job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ablations.commands import studies
from ablations.execution.options import Options
from ablations.execution.session import prepare
from ablations.execution.worker import work
from ablations.ledger.lock import hold
from ablations.ledger.paths import lease_of
from ablations.ledger.records import Result, read_history, read_result


def test_data_that_changed_since_the_job_was_made_fails_the_run(
    workplace: Path, tensorflow: object
) -> None:
    job = prepare(studies.load("small")[0], Options()).comparison().jobs()[0]
    result = work(replace(job, data_digest="of what was there before")).result
    assert result is not None
    assert result.status == "failed"
    assert result.reason.startswith("DataError: small/elu/seed-0: its data changed since the run")
    assert read_result(job.directory.result) == result


def test_training_is_handed_the_digest_that_the_job_was_made_with(
    workplace: Path, tensorflow: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ablations.training import run as training

    job = prepare(studies.load("small")[0], Options()).comparison().jobs()[0]
    handed: list[str | None] = []

    def train(trial: Any, programs: Any) -> Result:
        handed.append(trial.data_digest)
        return Result(study="", arm="", seed=0, status="completed", fingerprint="")

    monkeypatch.setattr(training, "train", train)
    work(job)
    assert handed == [job.data_digest]
    assert job.data_digest


def test_a_run_that_another_process_trains_has_no_result_yet(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ablations.execution.worker.PATIENCE_SECONDS", 0.0)
    job = prepare(studies.load("small")[0], Options()).comparison().jobs()[0]
    job.directory.path.mkdir(parents=True)
    with hold(job.directory.path):
        assert work(job).result is None
    assert list(job.directory.path.iterdir()) == []


@pytest.mark.parametrize("lost_at", ["an epoch's end", "its result", "an exception"])
def test_who_lost_its_directory_gives_up_without_writing(
    workplace: Path, tensorflow: object, monkeypatch: pytest.MonkeyPatch, lost_at: str
) -> None:
    """As a machine does that was suspended while another took its run over."""
    from ablations.telemetry.run_events import RunEvents
    from ablations.training import run as training

    job = prepare(studies.load("small")[0], Options()).comparison().jobs()[0]
    fence = lease_of(job.directory.path)

    def take_over(*arguments: Any) -> None:
        fence.write_text('{"host": "another"}')

    def take_over_and_fail(*arguments: Any) -> None:
        take_over()
        raise ValueError("of what the other writes")

    if lost_at == "an epoch's end":
        monkeypatch.setattr(RunEvents, "write_network", take_over)
    elif lost_at == "its result":
        monkeypatch.setattr(RunEvents, "end_session", lambda *_, **__: take_over())
    else:
        monkeypatch.setattr(training._RunTraining, "_start", take_over_and_fail)
    assert work(job).result is None
    assert not job.directory.result.exists()
    epochs = 2 if lost_at == "its result" else 0
    assert len(read_history(job.directory.metrics)) == epochs
    assert fence.read_text() == '{"host": "another"}'
    fence.unlink()
    monkeypatch.undo()
    again = work(job).result
    assert again is not None
    assert again.status == "completed"
