"""What is done, stale, running and pending, as the run directories tell it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ablations.commands import studies
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.lock import HeldError, hold, is_held
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.records import Result
from ablations.ledger.standing import State, look_up
from ablations.study.expand import Run, expand

DIGEST = "data"


@pytest.fixture
def run(workplace: Path) -> Run:
    return expand(studies.load("small"))[0]


def leave_result(run: Run, runs: RunsDirectory, **changes: object) -> None:
    directory = runs.run(run.study, run.arm, run.seed)
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


@pytest.mark.parametrize(
    ("status", "state"),
    [("completed", State.DONE), ("diverged", State.DIVERGED), ("failed", State.FAILED)],
)
def test_a_result_with_the_wanted_fingerprint_counts_by_its_status(
    run: Run, status: str, state: State
) -> None:
    runs = RunsDirectory(Path("runs"))
    leave_result(run, runs, status=status)
    assert look_up(run, runs, DIGEST).state == state


def test_without_a_result_a_run_is_pending_whatever_else_is_there(run: Run) -> None:
    runs = RunsDirectory(Path("runs"))
    assert look_up(run, runs, DIGEST).state == State.PENDING
    runs.run(run.study, run.arm, run.seed).path.mkdir(parents=True)
    runs.run(run.study, run.arm, run.seed).metrics.write_text("{}\n")
    assert look_up(run, runs, DIGEST).state == State.PENDING


def test_other_data_makes_a_result_stale(run: Run) -> None:
    runs = RunsDirectory(Path("runs"))
    leave_result(run, runs)
    assert look_up(run, runs, "other data").state == State.STALE


def test_data_that_is_not_here_is_taken_to_be_unchanged(run: Run) -> None:
    runs = RunsDirectory(Path("runs"))
    leave_result(run, runs)
    assert look_up(run, runs, None).state == State.DONE


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 99}', '{"schema": 1}'])
def test_a_torn_or_foreign_result_is_stale_and_says_why(run: Run, content: str) -> None:
    runs = RunsDirectory(Path("runs"))
    leave_result(run, runs)
    path = runs.run(run.study, run.arm, run.seed).result
    path.write_text(content)
    entry = look_up(run, runs, DIGEST)
    assert entry.state == State.STALE
    assert str(path) in entry.note


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
