"""What is said of a command that keeps a ``checkpoint/``, and what then happens, is the same."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.commands.test_shell import ABLATIONS, _as_in_a_terminal, here

STUDY = """\
study: own
question: Why?
trainer: {command: [sh, keeps.sh, "{x}", "{seed}", "{directory}"]}
base: {settings: {x: 1}}
control: a
arms: {a: {}, b: {settings.x: 2}}
seeds: 1
metrics: {error: {better: lower}}
metric: error
"""
KEEPS = """\
cd "$3"
if test -d checkpoint; then echo '{"error": 1}' > final.json; exit; fi
test "$1" = 1 || exit 3
mkdir checkpoint; echo 1 > checkpoint/at; touch begun; sleep 60
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(STUDY)
    Path("keeps.sh").write_text(KEEPS)


def test_ctrl_c_status_and_the_next_run_agree() -> None:
    running = subprocess.Popen(
        [*ABLATIONS, "run", "own", "--workers", "1"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_as_in_a_terminal,
    )
    deadline = time.monotonic() + 60
    while not Path("runs/own/a/seed-0/begun").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)
    told, _ = running.communicate(timeout=60)
    assert "own/a/seed-0: its checkpoint/ is kept; the next run goes on from there\n" in told
    assert here("status", "own").stdout.endswith("own/a/seed-0: its checkpoint/ is kept\n")
    again = here("run", "own").stdout
    assert "own/a/seed-0: starts again beside the checkpoint/ that it has kept\n" in again
    assert "started again beside the checkpoint/ that it had kept\n" in again


def test_another_recipes_checkpoint_is_not_spoken_of() -> None:
    kept = Path("runs/own/a/seed-0/checkpoint/at")
    kept.parent.mkdir(parents=True)
    kept.write_text("1")
    assert "checkpoint" not in here("status", "own").stdout
