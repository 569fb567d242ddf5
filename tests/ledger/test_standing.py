"""What is done, stale, running and pending, as the run directories tell it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from ablations.commands import studies
from ablations.execution.catalog import CATALOG
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.lock import HeldError, hold, is_held
from ablations.ledger.paths import RunDirectory, RunsDirectory
from ablations.ledger.records import Result
from ablations.ledger.standing import Cause, Standing, State, classify
from ablations.study.expand import Run, expand
from ablations.study.recipe import Recipe
from ablations.study.settings import change

DIGEST = "data"


def directory_of(run: Run) -> RunDirectory:
    return RunsDirectory(Path("runs")).run(run.study, run.arm, run.seed, run.trial)


@pytest.fixture
def run(workplace: Path) -> Run:
    return expand(studies.load("small")[0])[0]


def leave_result(run: Run, **changes: object) -> None:
    directory = directory_of(run)
    directory.path.mkdir(parents=True, exist_ok=True)
    content = {
        "study": run.study,
        "arm": run.arm,
        "seed": run.seed,
        "status": "completed",
        "fingerprint": fingerprint(run.recipe, run.seed, DIGEST),
        "data_digest": DIGEST,
    }
    Result.model_validate({**content, **changes}).write(directory.result)


def leave_checkpoint(run: Run, epochs: int) -> None:
    directory = directory_of(run)
    directory.checkpoint.mkdir(parents=True)
    place = {"schema": 1, "epochs": epochs, "progress": {}, "files": {}}
    place["fingerprint"] = fingerprint(run.recipe, run.seed, DIGEST)
    with zipfile.ZipFile(directory.resume, "w") as archive:
        archive.writestr("place.json", json.dumps(place))


def standing(run: Run, data_digest: str | None = DIGEST) -> Standing:
    return classify(run, directory_of(run), data_digest)


@pytest.mark.parametrize(
    ("status", "state"),
    [("completed", State.DONE), ("diverged", State.DIVERGED), ("failed", State.FAILED)],
)
def test_a_result_of_the_very_run_counts_by_its_status(run: Run, status: str, state: State) -> None:
    leave_result(run, status=status, reason="why")
    found = standing(run)
    assert (found.state, found.cause, found.reason) == (state, None, "why")
    assert found.finished == (status != "failed")
    assert found.result is not None
    assert found.result.status == status


@pytest.mark.parametrize(
    ("early_stopping", "wanted"),
    [(None, 0.6), ("patience", 0.7), ({"name": "patience", "monitor": "validation_accuracy"}, 0.7)],
    ids=["last epoch", "best loss", "best accuracy"],
)
def test_what_a_result_of_0_3_says_of_the_tested_weights_is_read_from_its_epochs(
    run: Run, early_stopping: object, wanted: float
) -> None:
    settings = change(run.recipe.settings(), {"training.early_stopping": early_stopping})
    recipe = Recipe.model_validate(settings, context={"catalog": CATALOG})
    run = replace(run, recipe=recipe)
    best = {"validation_accuracy_best": 0.8, "validation_accuracy_last": 0.6}
    leave_result(run, metrics=best, epochs=3, best_epoch=2)
    lines = [{"epoch": n, "validation_accuracy": v} for n, v in enumerate((0.8, 0.7, 0.6), 1)]
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    directory_of(run).metrics.write_text(text)
    result = standing(run).result
    assert result is not None
    assert result.metrics == {**best, "validation_accuracy": wanted}
    leave_result(run, metrics={**best, "validation_accuracy": 0.5})
    assert (found := standing(run).result)
    assert found.metrics["validation_accuracy"] == 0.5  # its own word counts


def test_without_a_result_a_run_is_pending_whatever_else_is_there(run: Run) -> None:
    assert standing(run).state == State.PENDING
    directory = directory_of(run)
    directory.path.mkdir(parents=True)
    directory.metrics.write_text("{}\n")
    assert standing(run).state == State.PENDING


def test_a_checkpoint_tells_how_far_it_goes_if_it_is_of_this_very_run(run: Run) -> None:
    leave_checkpoint(run, epochs=3)
    assert (standing(run).state, standing(run).saved_epochs) == (State.PENDING, 3)
    assert standing(run, "other data").saved_epochs is None
    assert standing(run, None).saved_epochs is None  # what it was made from is not known
    leave_result(run, status="failed")
    assert (standing(run).state, standing(run).saved_epochs) == (State.FAILED, 3)


def test_other_data_makes_a_result_stale(run: Run) -> None:
    leave_result(run)
    found = standing(run, "other data")
    assert (found.state, found.cause) == (State.STALE, Cause.CHANGED)


def test_data_that_is_not_here_is_taken_to_be_unchanged(run: Run) -> None:
    leave_result(run)
    assert standing(run, None).state == State.DONE


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 99}', '{"schema": 1}'])
def test_a_torn_result_is_stale_and_says_why_in_a_line(run: Run, content: str) -> None:
    leave_result(run)
    directory_of(run).result.write_text(content)
    found = standing(run)
    assert (found.state, found.cause, found.result) == (State.STALE, Cause.UNREADABLE, None)
    assert found.reason
    assert "\n" not in found.reason


@pytest.mark.parametrize(
    ("change", "owner"),
    [
        ({"study": "large"}, "large/elu/seed-0"),
        ({"arm": "relu"}, "small/relu/seed-0"),
        ({"seed": 7}, "small/elu/seed-7"),
        ({"trial": "rate-1"}, "small/tuning/elu/rate-1/seed-0"),
    ],
)
def test_a_result_of_another_run_is_stale_and_names_that_run(
    run: Run, change: dict[str, object], owner: str
) -> None:
    leave_result(run, **change)
    found = standing(run)
    assert (found.state, found.cause) == (State.STALE, Cause.FOREIGN)
    assert found.reason == f"the result is of {owner}"


def test_no_result_is_of_a_run_whose_values_are_not_chosen_yet(run: Run) -> None:
    provisional = replace(run, provisional=True)
    assert standing(provisional).state == State.PENDING
    leave_result(run)
    found = standing(provisional)
    assert (found.state, found.cause) == (State.STALE, Cause.PROVISIONAL)


def test_a_held_directory_is_running_unless_its_result_is_there(run: Run) -> None:
    directory = directory_of(run)
    leave_checkpoint(run, epochs=1)
    with hold(directory.path):
        assert standing(run).state == State.RUNNING
        leave_result(run, status="failed")
        assert standing(run).state == State.RUNNING  # tried again
        leave_result(run)
        assert standing(run).state == State.DONE


def test_a_directory_is_fenced_while_its_process_lives_and_free_when_it_is_killed(
    tmp_path: Path,
) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom ablations.ledger.lock import hold\n"
        "with hold(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert is_held(tmp_path)
        with pytest.raises(HeldError), hold(tmp_path):
            pass
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    deadline = time.monotonic() + 10
    while is_held(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_held(tmp_path)


def test_a_look_at_a_directory_does_not_cost_a_trainer_its_lock(tmp_path: Path) -> None:
    looked = threading.Event()
    stop = threading.Event()

    def look_on() -> None:
        while not stop.is_set():
            is_held(tmp_path)
            looked.set()

    watchers = [threading.Thread(target=look_on) for _ in range(2)]
    for watcher in watchers:
        watcher.start()
    looked.wait()
    try:
        for _ in range(50):
            with hold(tmp_path, patience_seconds=5):
                pass
    finally:
        stop.set()
        for watcher in watchers:
            watcher.join()
