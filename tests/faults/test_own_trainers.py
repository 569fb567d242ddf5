"""What a user's own trainer does in its process is that run's alone, and ends with it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ablations.execution.catalog import CATALOG
from ablations.execution.options import Options
from ablations.execution.processes import Processes
from ablations.execution.worker import Job, Outcome
from ablations.ledger.paths import RunsDirectory
from ablations.study.recipes import read_recipe
from tests.support.own_training import DEEDS, PLACE

pytestmark = pytest.mark.slow

HERE = Path(__file__).parents[2]
LIMIT = 20.0
"""Seconds: many times what a run takes that does not hang, on a busy machine too."""
FATAL = ("_kills_itself", "_crashes")


@pytest.fixture(autouse=True)
def repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)


def jobs(function: str, runs: Path, seeds: int, **settings: object) -> list[Job]:
    recipe = read_recipe(
        {"trainer": f"python:{PLACE}.{function}", "settings": settings}, {"catalog": CATALOG}
    ).model_dump(mode="json")
    return [Job("own", "arm", s, recipe, {}, runs, "", metric="error") for s in range(seeds)]


def train(todo: list[Job], **options: object) -> dict[int, Outcome]:
    executor = Processes(Options(workers=1, tensorflow=False, **options))  # type: ignore[arg-type]
    return {outcome.job.seed: outcome for outcome in executor.execute(todo)}


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{process}/stat").read_text().split()[2]


def ends(process: int, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while is_alive(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_alive(process)


@pytest.mark.parametrize("deed", range(len(DEEDS)), ids=[deed.__name__ for deed in DEEDS])
def test_a_misdeed_spoils_no_other_run(tmp_path: Path, deed: int) -> None:
    """The runs at seeds 0 and 2 misbehave, in the same worker as that at seed 1 between them."""
    runs, name = tmp_path / "runs", DEEDS[deed].__name__
    outcomes = train(jobs("misbehaves", runs, 3, deed=deed))
    status = {seed: outcome.result.status for seed, outcome in outcomes.items() if outcome.result}
    assert status[1] == "completed"
    assert {status[0], status[2]} == {"failed" if name in FATAL else "completed"}
    innocent = outcomes[1].result
    assert innocent is not None
    # What it draws from the global generators follows from its seed alone.
    expected = np.random.RandomState(1).random_sample() + random.Random(1).random()
    assert innocent.metrics["error"] == pytest.approx(expected, abs=1e-12)
    where = RunsDirectory(runs).run("own", "arm", 1).path / "where"
    assert where.read_text() == str(HERE)
    assert Path.cwd() == HERE
    if name == "_leaves_a_child":
        child = RunsDirectory(runs).run("own", "arm", 0).path / "child"
        assert ends(int(child.read_text()))


def test_a_run_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    outcomes = train(jobs("hangs", tmp_path / "runs", 3), run_limit=LIMIT)
    status = {seed: outcome.result for seed, outcome in outcomes.items()}
    assert status[1] is not None
    assert (status[1].status, status[1].reason) == (
        "failed",
        f"not finished within --run-limit {LIMIT:g} (seconds)",
    )
    assert {status[0].status, status[2].status} == {"completed"}  # type: ignore[union-attr]
    child = RunsDirectory(tmp_path / "runs").run("own", "arm", 1).path / "child"
    assert ends(int(child.read_text()))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_program_ends_with_the_runner(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "own.yaml").write_text(
        "study: own\nquestion: Why?\ncontrol: a\narms: {a: {}, b: {settings.x: 2}}\nseeds: 1\n"
        'trainer: {command: [sh, -c, "sleep 603.5 & echo $! > {directory}/child; wait", "{x}", '
        '"{seed}"]}\n'
        "base: {settings: {x: 1}}\nmetrics: {error: {better: lower}}\nmetric: error\n"
    )
    command = [sys.executable, "-m", "ablations", "run", "own.yaml", "--workers", "1"]
    runner = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    child = tmp_path / "runs" / "own" / "a" / "seed-0" / "child"
    deadline = time.monotonic() + 60
    while not (child.exists() and child.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.05)
    process = int(child.read_text())
    assert is_alive(process)
    runner.send_signal(number)
    runner.wait(30)
    assert ends(process)
