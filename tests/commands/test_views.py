"""What is said of runs while they are trained, from the lines that their epochs append."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from ablations.commands.views import Bars, PlainLines, described, duration
from ablations.execution import underway
from ablations.execution.underway import Observer, Underway
from ablations.execution.worker import Job
from tests.support.running import make_recipe

EPOCH = {"train_loss": 0.5, "validation_loss": 0.7, "validation_accuracy": 0.9, "seconds": 1.0}


def job(runs: Path, **changes: Any) -> Job:
    recipe = make_recipe({"training.epochs": 9, **changes}).settings()
    return Job("s", "a", 0, recipe, {}, runs, "")


def append(to: Job, line: str) -> None:
    to.directory.path.mkdir(parents=True, exist_ok=True)
    with to.directory.metrics.open("a") as stream:
        stream.write(line)


def test_a_run_is_at_its_last_whole_line_and_its_pace_says_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(underway.time, "monotonic", lambda: now)
    observer, run = Observer(), job(tmp_path)
    (seen,) = observer.look([run])
    assert (described(seen), seen.share) == ("begun", 0.0)
    said = []
    for second, epoch in ((4, 1), (6, 2), (8, 3)):
        now = 100.0 + second
        append(run, json.dumps({"epoch": epoch, **EPOCH}) + "\n")
        (seen,) = observer.look([run])
        said.append(described(seen))
    assert said == [
        "epoch 1 of 9, training loss 0.5, validation accuracy 90.00%",
        "epoch 2 of 9, training loss 0.5, validation accuracy 90.00%, 14 s left",
        "epoch 3 of 9, training loss 0.5, validation accuracy 90.00%, 12 s left",
    ]
    append(run, '{"epoch": 4, "tor')
    now = 109.0
    (seen,) = observer.look([run])
    assert (seen.epoch, seen.seconds_left, seen.share) == (3, 11.0, 3 / 9)
    observer.look([])
    (seen,) = observer.look([run])
    assert seen.seconds_left is None  # another training of the same run


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that is set by hand."""
    told = SimpleNamespace(now=0.0)
    monkeypatch.setattr(underway.time, "monotonic", lambda: told.now)
    return told


def lines(*epochs: int) -> str:
    return "".join(json.dumps({"epoch": epoch, **EPOCH}) + "\n" for epoch in epochs)


def test_a_run_that_is_trained_again_is_not_where_it_was_before(tmp_path: Path, clock: Any) -> None:
    """``--rerun``: the old epochs lie there until the new training clears them."""
    observer, run, said = Observer(), job(tmp_path), list[str]()
    append(run, lines(*range(1, 10)))
    for second, written in ((0, None), (6, None), (10, ""), (12, lines(1)), (14, lines(1, 2))):
        clock.now = second
        if written is not None:
            run.directory.metrics.write_text(written)
        (seen,) = observer.look([run])
        said.append(described(seen).replace(", training loss 0.5, validation accuracy 90.00%", ""))
    assert said == ["begun", "begun", "begun", "epoch 1 of 9", "epoch 2 of 9, 14 s left"]


@pytest.mark.parametrize("saved", [0, 4, 6])
def test_what_is_left_of_a_run_that_was_killed_counts_what_this_process_trains(
    tmp_path: Path, clock: Any, saved: int
) -> None:
    """It had ended 6 epochs; its checkpoint holds some, and the start takes 300 s."""
    observer, run, left = Observer(), job(tmp_path), list[float | None]()
    append(run, lines(*range(1, 7)))
    for second in range(3):
        clock.now = second
        (seen,) = observer.look([run])
        assert (seen.last, seen.seconds_left) == (None, None)
    clock.now = 150
    run.directory.metrics.write_text(lines(*range(1, saved + 1)))
    observer.look([run])
    for epoch in range(saved + 1, 9):
        clock.now = 300 + epoch
        append(run, lines(epoch))
        (seen,) = observer.look([run])
        assert seen.epoch == epoch
        left.append(seen.seconds_left)
    assert left == [None, *(9.0 - epoch for epoch in range(saved + 2, 9))]


def test_the_epochs_of_all_stages_count(tmp_path: Path) -> None:
    source = {"name": "autoencoder", "epochs": 4}
    (seen,) = Observer().look([job(tmp_path, **{"transfer.source": source})])
    assert seen.epochs is not None
    assert seen.epochs > 9


def at(seconds: float, last: dict[str, Any] | None, name: str = "s/a/seed-0") -> Underway:
    return Underway(name, seconds, 90, last, None)


def test_plain_lines_come_at_a_sane_rate_and_only_with_news() -> None:
    said: list[str] = []
    lines = PlainLines(said.append)
    for second in range(1, 601):
        lines.update(0, [at(second, {"epoch": second, **EPOCH})])
    told = [int(line.split("epoch ")[1].split()[0]) for line in said]
    assert told == [3, 10, 30, *range(90, 601, 60)]
    for second in range(601, 1200):
        lines.update(0, [at(second, {"epoch": 600, **EPOCH})])
    assert len(said) == len(told) + 1


def test_many_workers_share_the_lines() -> None:
    said: list[str] = []
    lines = PlainLines(said.append)
    for second in range(1, 3601, 5):
        lines.update(0, [at(second, {"epoch": second}, f"s/a/seed-{n}") for n in range(100)])
    assert len(said) <= 3600 / PlainLines.BETWEEN_LINES + 3 * 100


@pytest.mark.parametrize(
    ("last", "text"),
    [
        ({"step": 4, "loss": 0.25}, "step 4, loss 0.25"),
        ({"step": 4, "reward": 3.0, "length": 7}, "step 4, reward 3, length 7"),
        ({"epoch": 2, "train_loss": None}, "epoch 2 of 90"),
        ({"epoch": 2, "validation_loss": 0.125}, "epoch 2 of 90, validation loss 0.125"),
        ({"words": "x"}, "begun"),
    ],
)
def test_what_another_trainer_writes_is_said_as_well(last: dict[str, Any], text: str) -> None:
    assert described(at(1.0, last)) == text


def test_bars_show_each_run_that_is_being_trained() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    bars = Bars(4, console)
    bars.start()
    bars.update(1, [at(1, {"epoch": 45, **EPOCH})])
    bars._bar.refresh()
    bars.stop()
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "a/seed-0" in shown
    assert "45/90" in shown
    assert "validation accuracy 90.00%" in shown
    assert bars._bar.tasks[0].completed == 1.5


def test_durations_read_as_one_says_them() -> None:
    told = [duration(seconds) for seconds in (0.4, 59, 60, 200, 3600, 7500)]
    assert told == ["0 s", "59 s", "1 min", "3 min 20 s", "1 h 0 min", "2 h 5 min"]
