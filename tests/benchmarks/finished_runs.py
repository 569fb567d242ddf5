"""Reading and reporting 1,000 finished runs; and how soon the light commands answer."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ablations.execution.catalog import CATALOG
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.records import Result, append_epoch
from ablations.study.load import resolve
from ablations.study.schema import Study
from ablations.study.yaml_reader import read_yaml
from ablations.study.yaml_writer import to_yaml

ARMS, SEEDS, EPOCHS = 20, 50, 10


def report() -> tuple[float, float]:
    """Return seconds and peak megabytes of ``ablations report`` over ARMS × SEEDS runs."""
    with tempfile.TemporaryDirectory() as place:
        write_runs(RunsDirectory(Path(place) / "runs"), ARMS, SEEDS)
        started = time.perf_counter()
        told = subprocess.run(
            [sys.executable, "-c", _MEASURE, sys.executable, "-m", "ablations", "report"],
            cwd=place,
            env=_environment(),
            check=True,
            capture_output=True,
            text=True,
        )
        return time.perf_counter() - started, int(told.stdout.splitlines()[-1]) / 1024


# In a small process of its own: a child's peak begins at what its parent held.
_MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def start_up(root: Path, repeats: int = 5) -> dict[str, float]:
    """Return command → median seconds, run where ``configs/`` is."""
    commands = (["--help"], ["list"], ["plan", "quick"], ["status"])
    return {
        " ".join(command): float(np.median([_ablations(root, *command) for _ in range(repeats)]))
        for command in commands
    }


def _ablations(place: Path, *arguments: str) -> float:
    started = time.perf_counter()
    command = [sys.executable, "-m", "ablations", *arguments]
    subprocess.run(command, cwd=place, check=True, capture_output=True, env=_environment())
    return time.perf_counter() - started


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def write_runs(runs: RunsDirectory, arms: int, seeds: int) -> Study:
    """Write the study ``many`` with all its runs, as they are once they are finished."""
    rates = {f"arm{n}": {"training.optimizer.learning_rate": 0.001 * (n + 1)} for n in range(arms)}
    data = {
        "study": "many",
        "question": "How long does a report take?",
        "base": {
            "data": {"name": "digits"},
            "model": {"hidden": [100, 100]},
            "training": {"batch_size": 32, "epochs": EPOCHS, "optimizer": "sgd"},
        },
        "control": "arm0",
        "arms": rates,
        "seeds": seeds,
    }
    study = resolve(read_yaml(to_yaml(data), "many.yaml"), CATALOG, {})[0]
    runs.study("many").mkdir(parents=True)
    runs.record("many").write_text(to_yaml(study.model_dump(mode="json")))
    draw = np.random.default_rng(0)
    for arm in study.arms:
        for seed in study.seeds:
            directory = runs.run("many", arm.name, seed)
            directory.path.mkdir(parents=True)
            accuracy = float(draw.uniform(0.8, 0.9))
            Result(
                study="many", arm=arm.name, seed=seed, status="completed", data_digest="d",
                fingerprint=fingerprint(arm.recipe, seed, "d"), epochs=EPOCHS, updates=400,
                metrics={"test_accuracy": accuracy, "test_loss": 1 - accuracy},
                seconds={"compile": 0.0, "train": 1.0, "total": 1.0}, parameters=17_000,
            ).write(directory.result)  # fmt: skip
            for epoch in range(1, EPOCHS + 1):
                value = accuracy * epoch / EPOCHS
                line = {"epoch": epoch, "updates": 40 * epoch, "validation_accuracy": value}
                line |= {"train_loss": 1 / epoch, "validation_loss": 1.1 / epoch}
                append_epoch(directory.metrics, line)
    return study
