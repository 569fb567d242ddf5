"""Several runners of one study: each run is trained once, and none is falsely called done."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from ablations.ledger.lock import is_held

pytestmark = pytest.mark.slow

FULL = int(os.environ.get("ABLATIONS_FAULT_CYCLES", "1")) > 1
RUNNERS = 4 if FULL else 2
TIMES = 20 if FULL else 1
WANTED = {f"small/{arm}/seed-{seed}" for arm in ("elu", "sigmoid") for seed in range(4)}
LOGGED = """\
import sys
from ablations.cli import main
from ablations.execution import worker

real = worker._train
def train(job, lease):
    with open("trainings.log", "a") as log:
        log.write(f"{job}\\n")
    return real(job, lease)

worker._train = train
main(sys.argv[1:])
"""
"""The command, in which each training leaves a line."""


def runner(*words: str) -> subprocess.Popen[str]:
    line = ["run", "small", "--seeds", "4", "--workers", "1", "--executor", "inline", *words]
    return subprocess.Popen(
        [sys.executable, "-c", LOGGED, *line],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def trainings(root: Path) -> Counter[str]:
    path = root / "trainings.log"
    return Counter(path.read_text().split() if path.exists() else ())


def results(root: str = "runs") -> dict[str, str]:
    """Return run → status."""
    found = Path(root).rglob("result.json")
    return {str(p.parent.relative_to(root)): json.loads(p.read_text())["status"] for p in found}


def test_runners_at_once_train_each_run_once(workplace: Path, show: Callable[[str], None]) -> None:
    double = false_done = 0
    for time_ in range(TIMES):
        root = f"runs{time_}"
        with ExitStack() as stack:
            running = [stack.enter_context(runner("--runs", root)) for _ in range(RUNNERS)]
            left = list(running)
            while left:
                for each in [one for one in left if one.poll() is not None]:
                    left.remove(each)
                    false_done += results(root).keys() != WANTED  # it ended, and something lacks
                time.sleep(0.005)
            for each in running:
                _, errors = each.communicate()
                assert (each.returncode, errors) == (0, "")
        assert results(root) == dict.fromkeys(WANTED, "completed")
        counts = trainings(workplace)
        double += counts.total() - len(WANTED)
        assert counts.keys() == WANTED
        (workplace / "trainings.log").unlink()
    assert (double, false_done) == (0, 0)
    show(f"{RUNNERS} runners at once, {TIMES} times: double {double}, false done {false_done}")


def test_shards_at_once_are_disjoint_and_complete(
    workplace: Path, show: Callable[[str], None]
) -> None:
    with ExitStack() as stack:
        shards = [f"{number}/{RUNNERS}" for number in range(1, RUNNERS + 1)]
        running = [stack.enter_context(runner("--shard", shard)) for shard in shards]
        told = 0
        for shard, each in zip(shards, running, strict=True):
            output, errors = each.communicate(timeout=300)
            assert (each.returncode, errors) == (0, "")
            assert "waits for" not in output
            (held,) = re.findall(rf"small, shard {shard}: (\d+) of 8 runs\n", output)
            told += int(held)
    assert told == len(WANTED)
    assert trainings(workplace) == Counter(WANTED)
    assert results() == dict.fromkeys(WANTED, "completed")
    show(f"{RUNNERS} shards at once: double 0, missing 0")


def test_a_runner_beside_a_stopped_one_waits_and_goes_on_when_it_is_gone(
    workplace: Path, show: Callable[[str], None]
) -> None:
    """An exit status of 0 before would call done what has no result."""
    words = ("--set", "training.epochs=300")
    with runner(*words) as stopped:
        deadline = time.monotonic() + 60
        while not list(Path("runs").rglob("metrics.jsonl")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        stopped.send_signal(signal.SIGSTOP)
        begun = trainings(workplace)
        with runner(*words) as second:
            assert second.stdout is not None
            lines = iter(second.stdout.readline, "")
            assert any("waits for 1 run that another process is training" in s for s in lines)
            assert len(results()) == len(WANTED) - 1
            assert second.poll() is None
            stopped.kill()
            _, errors = second.communicate(timeout=120)
            assert (second.returncode, errors) == (0, "")
    assert set(results().values()) == {"completed"}
    assert len(results()) == len(WANTED)
    twice = {run for run, count in trainings(workplace).items() if count > 1}
    assert twice <= begun.keys()  # the one that was given up
    show("a runner beside a stopped one: false done 0, double 0")


HELD = """\
study: held
question: "?"
trainer: python:mine.train
base: {settings: {waits_for: "", arm: 0}}
control: free
arms: {free: {settings.arm: 1, settings.waits_for: go}, held: {settings.waits_for: never}}
seeds: 2
metrics: {error: {better: lower}}
metric: error
"""
WAITS = """\
import time
from pathlib import Path

def train(run):
    name = f"{run.settings['arm']}-{run.seed}"
    again = Path(f"begun-{name}").exists()
    Path(f"begun-{name}").touch()
    while not again and not Path(run.settings["waits_for"]).exists():
        time.sleep(0.02)
    return {"error": 1.0 + run.seed}
"""


def test_what_a_killed_runner_held_is_trained_by_the_one_that_is_left(
    workplace: Path, show: Callable[[str], None]
) -> None:
    """It held a run as the other began, and died while that trained other runs: none is pending."""
    (workplace / "configs" / "held.yaml").write_text(HELD)
    (workplace / "mine.py").write_text(WAITS)
    deadline = time.monotonic() + 120

    def wait_for(*paths: Path) -> None:
        while not all(path.exists() for path in paths):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def run(*words: str) -> subprocess.Popen[str]:
        line = [sys.executable, "-m", "ablations", "run", "held", "--workers", "2", *words]
        return subprocess.Popen(
            line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    with run("--arm", "held") as first:
        wait_for(Path("begun-0-0"), Path("begun-0-1"))
        with run() as second:
            wait_for(Path("begun-1-0"), Path("begun-1-1"))  # it has seen that the others are held
            first.kill()
            first.wait()
            while any(is_held(Path(f"runs/held/held/seed-{seed}")) for seed in (0, 1)):
                assert time.monotonic() < deadline
                time.sleep(0.02)
            Path("go").touch()
            said, errors = second.communicate(timeout=120)
            assert (second.returncode, errors) == (0, "")
    expected = {f"held/{arm}/seed-{seed}" for arm in ("free", "held") for seed in (0, 1)}
    assert results() == dict.fromkeys(expected, "completed"), said
    show("a runner is killed beside another: pending 0")
