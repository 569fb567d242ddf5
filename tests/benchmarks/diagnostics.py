"""A run with everything that is recorded by default, against one that records scalars only."""

from __future__ import annotations

import itertools
from pathlib import Path

from ablations.ledger.paths import RunsDirectory
from ablations.study.expand import Run
from ablations.training.request import TrainingRequest
from ablations.training.run import train
from ablations.training.trainers.compiled.programs import Programs
from tests.benchmarks.one_run import Epoch
from tests.benchmarks.workloads import Workload

EPOCHS = {"digits": 60}  # else 8


def run(workload: Workload, place: Path, recorded: bool) -> Epoch:
    """Return a run from reset to result, all files written under ``place``.

    Digits are the real ones; other data lie in ``place``/data as written by ``whole_study``.
    """
    recipe = workload.recipe(recorded)
    data = recipe.data.model_copy(update={"name": "digits" if workload.digits else "mnist"})
    training = recipe.training.model_copy(update={"epochs": EPOCHS.get(workload.name, 8)})
    recipe = recipe.model_copy(update={"training": training, "data": data})
    programs = Programs()
    arm = f"recorded-{recorded}"
    seeds = itertools.count()

    def whole() -> None:
        seed = next(seeds)
        root = RunsDirectory(place / "runs")
        directory = root.run(workload.name, arm, seed)
        directory.path.mkdir(parents=True)
        run = Run(workload.name, arm, seed, recipe)
        train(TrainingRequest(run, directory, {}, root, place / "data"), programs)

    return whole
