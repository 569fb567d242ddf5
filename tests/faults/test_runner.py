"""The runner is killed or asked to end: nothing is left running, nothing finished is lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ablations.commands import run as command
from ablations.commands import train
from ablations.execution.options import Options
from ablations.ledger.lock import hold
from ablations.ledger.paths import RunsDirectory

pytestmark = pytest.mark.slow

LONG = ("--seeds", "3", "--workers", "2", "--set", "training.epochs=400")
ORPHANS_AFTER = 5.0
TIMED = "inference_microseconds_per_sample"
EVERYDAY = 2
CYCLES = int(os.environ.get("ABLATIONS_FAULT_CYCLES", EVERYDAY))
"""Kills; `make faults` asks for 100."""
SIGNALS = [("SIGTERM", 143), ("SIGHUP", 130), ("SIGQUIT", 130), ("SIGINT", 130)]


@contextmanager
def runner(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Run the study in a session of its own, heeding every signal, as from a terminal."""

    def heed() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)

    line = [sys.executable, "-m", "ablations", "run", "small", *LONG, *words]
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=heed,
    ) as running:  # fmt: skip
        try:
            yield running
        finally:
            if left_of(running):
                os.killpg(running.pid, signal.SIGKILL)


def left_of(running: subprocess.Popen[str]) -> list[str]:
    """Return the processes of the session that are alive."""
    listed = subprocess.run(["ps", "-eo", "sid,pid,stat"], capture_output=True, text=True).stdout
    rows = [line.split() for line in listed.splitlines()[1:]]
    return [pid for sid, pid, state in rows if sid == str(running.pid) and state[0] != "Z"]


def gone(running: subprocess.Popen[str]) -> bool:
    deadline = time.monotonic() + ORPHANS_AFTER
    while left_of(running) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not left_of(running)


def results() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path("runs").rglob("result.json")}


def wait_for(happens: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def a_run_has_begun() -> bool:
    return any(Path("runs").rglob("metrics.jsonl"))


@pytest.mark.parametrize("whole_tree", [False, True] if CYCLES > EVERYDAY else [False])
def test_no_worker_outlives_a_runner_that_is_killed(
    workplace: Path, show: Callable[[str], None], whole_tree: bool
) -> None:
    """In turn as it starts, while it trains, and at any time."""
    draw = random.Random(0)
    for cycle in range(CYCLES):
        with runner() as running:
            if cycle % 3 == 0:
                wait_for(a_run_has_begun)
            else:
                time.sleep(draw.uniform(0.2, 2.5 if cycle % 3 == 1 else 15))
            before = results()
            if whole_tree:
                os.killpg(running.pid, signal.SIGKILL)
            else:
                running.send_signal(signal.SIGKILL)
            running.wait()
            assert gone(running)
        assert {path: results().get(path) for path in before} == before
        assert {json.loads(content)["status"] for content in results().values()} <= {"completed"}
    different = differing() if CYCLES > EVERYDAY else 0
    who = "the whole tree" if whole_tree else "the runner"
    show(
        f"{who} gets SIGKILL {CYCLES} times: orphans after {ORPHANS_AFTER:.0f} s 0, lost or redone "
        f"0, different {different if CYCLES > EVERYDAY else 'not asked'}"
    )
    assert different == 0


def differing() -> int:
    """Return how many of the runs, once all are finished, are not those of an undisturbed study."""
    found = []
    for root in ("runs", "undisturbed"):
        with runner("--runs", root) as running:
            running.communicate()
            assert running.returncode == 0
        paths = sorted(Path(root).rglob("result.json"))
        metrics = [(path.parts[1:], json.loads(path.read_bytes())["metrics"]) for path in paths]
        found.append([(name, {**m, TIMED: 0}) for name, m in metrics])
    assert len(found[0]) == len(found[1]) == 6
    return sum(one != other for one, other in zip(*found, strict=True))


@pytest.mark.parametrize(("name", "status"), SIGNALS if CYCLES > EVERYDAY else SIGNALS[:2])
@pytest.mark.parametrize("times", [1, 2] if CYCLES > EVERYDAY else [1])
def test_a_signal_ends_all_in_order(workplace: Path, name: str, status: int, times: int) -> None:
    with runner() as running:
        wait_for(a_run_has_begun)
        for _ in range(times):
            os.killpg(running.pid, signal.Signals[name])
        _, errors = running.communicate(timeout=30)
        assert running.returncode == status
        assert gone(running)
    assert "Traceback" not in errors
    if times == 1:
        assert errors.strip() == "interrupted; everything finished is kept"
    assert all(json.loads(content)["status"] == "completed" for content in results().values())


def test_a_run_that_is_trained_elsewhere_is_waited_for(
    workplace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By who gives it up: it is then trained here, so all wanted runs have a result."""
    monkeypatch.setattr(train, "POLL_SECONDS", 0.05)
    directory = RunsDirectory(Path("runs")).run("small", "elu", 0)
    directory.path.mkdir(parents=True)
    released = threading.Event()

    def another() -> None:
        with hold(directory.path):
            released.wait(60)

    other = threading.Thread(target=another)
    other.start()
    display = train.ProgressDisplay.summary

    def release_after_the_others(self: train.ProgressDisplay) -> str:
        threading.Timer(0.5, released.set).start()
        return display(self)

    monkeypatch.setattr(train.ProgressDisplay, "summary", release_after_the_others)
    assert command.run("small", ["elu"], [0, 1], None, (), Options(executor="inline")) == 0
    other.join()
    said = capsys.readouterr().out
    assert "small: waits for 1 run that another process is training" in said
    assert len(results()) == 2
