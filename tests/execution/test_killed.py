"""A worker process that is killed for real: the next run goes on where it was, and says so."""

from __future__ import annotations

import math
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from ablations.commands import run as command
from ablations.commands import studies
from ablations.execution import processes
from ablations.execution.options import Options
from ablations.execution.session import prepare
from ablations.execution.worker import Job, Outcome, work
from ablations.files import UNFINISHED
from ablations.ledger.paths import RunDirectory
from ablations.ledger.records import read_checkpoint_header, read_history, read_result
from tests.support.running import recorded_events

CHANGES = {
    "model.activation": "rrelu",
    "model.dropout": 0.3,
    "model.normalization": "batch_norm",
    "training.epochs": 6,
    "training.optimizer": "adam",
    "training.weight_average": "ema",
    "training.keep_checkpoint": True,
}


def kill_in_third_epoch(job: Job) -> Outcome:
    """Train with a checkpoint an epoch, and die once the third has trained but is not logged."""
    from ablations.telemetry import jsonl
    from ablations.training import checkpoint

    checkpoint.WRITING_SHARE = math.inf
    real = jsonl.append_epoch

    def append_epoch(path: Path, epoch: dict[str, float]) -> None:
        real(path, epoch)
        if epoch["epoch"] == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    jsonl.append_epoch = append_epoch
    return work(job)


def kill_in_fifth_checkpoint(job: Job) -> Outcome:
    """Go on, and die in the middle of writing the checkpoint of the fifth epoch."""
    from ablations.training import checkpoint

    checkpoint.WRITING_SHARE = math.inf
    calls = []

    def write_atomically(path: Path, content: bytes) -> None:
        calls.append(path)
        if len(calls) == 3:
            path.with_name(f".{path.name}.torn{UNFINISHED}").write_bytes(content[:100])
            os.kill(os.getpid(), signal.SIGKILL)
        path.write_bytes(content)

    checkpoint.write_atomically = write_atomically  # type: ignore[attr-defined]
    return work(job)


def run(root: str, capsys: Any, changes: dict[str, Any], workers: bool) -> tuple[int, str]:
    sets = tuple(f"{path}={str(value).lower()}" for path, value in changes.items())
    executor = "processes" if workers else "inline"
    options = Options(runs=Path(root), executor=executor)
    status = command.run("small", ["elu"], [0], None, sets, options)
    return status, capsys.readouterr().out


def test_a_run_killed_twice_says_where_it_continues_and_ends_with_the_same_bits(
    workplace: Path, tensorflow: object, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    study = studies.load("small", CHANGES)[0]
    name = f"{study.study}/elu/seed-0"
    whole, killed = (RunDirectory(Path(root, name)) for root in ("one", "two"))
    assert run("one", capsys, CHANGES, workers=False)[0] == 0
    for attempt, saved in ((kill_in_third_epoch, 2), (kill_in_fifth_checkpoint, 4)):
        monkeypatch.setattr(processes, "work", attempt)
        status, said = run("two", capsys, CHANGES, workers=True)
        assert status == 1
        assert "the worker process died" in said
        place = read_checkpoint_header(killed.resume)
        assert place is not None
        assert place.epochs == saved
    assert f"{name}: continues after epoch 2 of 6\n" in said
    (standing,) = prepare(study, Options(runs=Path("two")), ["elu"], [0]).comparison().standings
    assert (standing.state, standing.saved_epochs) == ("failed", 4)
    status, said = run("two", capsys, CHANGES, workers=False)
    assert status == 0
    assert said.startswith(f"{name}: continues after epoch 4 of 6\n")
    assert "; continued after epoch 2 of 6; continued after epoch 4 of 6\n" in said
    assert whole.final_state.read_bytes() == killed.final_state.read_bytes()
    assert without_times(whole) == without_times(killed)
    assert recorded_events(whole.path) == recorded_events(killed.path)
    assert list(killed.checkpoint.iterdir()) == [killed.final_state]


def without_times(directory: RunDirectory) -> tuple[list[Any], dict[str, float]]:
    epochs = [{**line, "seconds": 0.0} for line in read_history(directory.metrics)]
    timed = "inference_microseconds_per_sample"
    metrics = read_result(directory.result).metrics
    return epochs, {name: value for name, value in metrics.items() if name != timed}
