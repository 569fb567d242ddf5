"""Data or code that changes in the middle of a study: no verdict pairs the old with the new."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from ablations.analysis.read.collect import Collected, RecordedRun, collect

pytestmark = pytest.mark.slow

EVERYDAY = 2
SEEDS = min(int(os.environ.get("ABLATIONS_FAULT_CYCLES", EVERYDAY)), 20)
"""Of two arms; `make faults` asks for 20, a study of 40 runs."""
WHERE = ("--workers", "2") if SEEDS > EVERYDAY else ("--executor", "inline")
"""Every day no worker starts anew after each run that is refused."""
PATIENCE = 240.0
CODE = """\
def build(input_shape, classes, width):
    import keras
    layers = [keras.layers.Dense(width, activation="relu"), keras.layers.Dense(classes)]
    return keras.Sequential([keras.Input(input_shape), *layers])
"""
STUDY = f"""\
study: own
question: How wide?
base:
  data: {{name: "npz:points.npz", validation: 40}}
  model: {{name: python:mine.build, width: 4}}
  training: {{batch_size: 20, epochs: 60, optimizer: {{name: sgd, learning_rate: 0.1}}}}
control: narrow
arms:
  narrow: {{}}
  wide: {{model.width: 5}}
seeds: {SEEDS}
"""


def write_data(draw: int) -> None:
    generator = np.random.default_rng(draw)
    labels = generator.integers(0, 2, 200)
    points = generator.normal(size=(200, 3)) + 3 * labels[:, None]
    np.savez("new.npz", x=points.astype(np.float32), y=labels)
    Path("new.npz").replace("points.npz")


def write_code(text: str) -> None:
    Path("new.py").write_text(text)
    Path("new.py").replace("mine.py")


CHANGES: dict[str, Callable[[], None]] = {
    "data": lambda: write_data(1),
    "code": lambda: write_code(CODE.replace("relu", "tanh")),
}


def learned_from(run: RecordedRun) -> tuple[str, str]:
    """Return what the files of a run say that it learned from, and by which code."""
    recipe = yaml.safe_load(run.standing.directory.recipe.read_text())
    return run.result.data_digest, str(recipe["model"]["code"])


def mixed_pairs(collected: Collected) -> tuple[int, int]:
    """Return how many pairs of runs the report compares, and of those the mixed ones."""
    ours, theirs = (
        {run.seed: learned_from(run) for run in collected.of_arm(arm)} for arm in ("narrow", "wide")
    )
    pairs = ours.keys() & theirs.keys()
    return len(pairs), sum(ours[seed] != theirs[seed] for seed in pairs)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_in_the_middle_of_a_study_is_never_paired(
    workplace: Path, show: Callable[[str], None], change: str
) -> None:
    write_data(0)
    write_code(CODE)
    Path("configs/own.yaml").write_text(STUDY)
    command = [sys.executable, "-m", "ablations", "run", "own", *WHERE]
    runner = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + PATIENCE
    while len(list(Path("runs").rglob("result.json"))) < SEEDS // 2:
        assert time.monotonic() < deadline
        assert runner.poll() is None
        time.sleep(0.02)
    CHANGES[change]()
    said, _ = runner.communicate(timeout=PATIENCE)
    assert runner.returncode in (0, 1), said
    assert "Traceback" not in said
    middle = collect(Path("runs"), "own")
    kept = len([run for run in middle.runs if run.result.status == "completed"])
    before = mixed_pairs(middle)
    again = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    last = collect(Path("runs"), "own")
    assert last.left_out == (), again.stdout
    pairs, mixed = (sum(each) for each in zip(before, mixed_pairs(last), strict=True))
    show(
        f"{change} changed after {SEEDS // 2} of {2 * SEEDS} runs: {kept} kept their result, "
        f"others were refused; then all were trained anew; pairs {pairs}, mixed {mixed}"
    )
    assert mixed == 0
    assert pairs >= SEEDS
    assert len({learned_from(run) for run in last.runs}) == 1
