"""Train a tiny recipe in a test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablations.execution.catalog import CATALOG
from ablations.ledger.paths import RunDirectory, RunsDirectory
from ablations.ledger.records import Result
from ablations.study.expand import Run
from ablations.study.recipe import Recipe
from ablations.study.settings import change

TINY: Mapping[str, Any] = {
    "data": {"name": "digits", "validation": 30, "train_examples": 60},
    "model": {"hidden": [8, 6], "activation": "elu"},
    "training": {
        "batch_size": 20,
        "epochs": 1,
        "optimizer": {"name": "sgd", "learning_rate": 0.01},
        "keep_checkpoint": True,
    },
    "telemetry": {"histograms_every_epochs": 1},
}


def make_recipe(changes: Mapping[str, Any] | None = None) -> Recipe:
    """Return the tiny recipe with dotted paths changed, resolved against the catalogue."""
    return Recipe.model_validate(change(TINY, changes or {}), context={"catalog": CATALOG})


@dataclass(frozen=True)
class Trained:
    """A finished run: what it returned and where it lies."""

    result: Result
    directory: RunDirectory
    programs: Any
    program: Any = None
    """The program that was used last, in the state that its last user left."""

    def state(self) -> dict[str, NDArray[Any]]:
        """The checkpoint's arrays."""
        with np.load(self.directory.checkpoint / "state.npz", allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}

    def weights(self) -> list[NDArray[np.float32]]:
        """The checkpoint's kernels and biases, in order."""
        return [
            array
            for name, array in self.state().items()
            if name.startswith("model/") and name.rsplit("/", 1)[1] in ("kernel", "bias")
        ]

    def epochs(self) -> list[dict[str, Any]]:
        """The lines of ``metrics.jsonl`` without the time they took and their checksums."""
        lines = [json.loads(line) for line in self.directory.metrics.read_text().splitlines()]
        return [{k: line[k] for k in line if k not in ("seconds", "crc32")} for line in lines]

    def metrics(self) -> dict[str, float]:
        """The result's metrics without what the clock measured."""
        timed = "inference_microseconds_per_sample"
        return {name: value for name, value in self.result.metrics.items() if name != timed}


def train_into(
    path: Path, recipe: Recipe, seed: int = 0, programs: Any = None, metric: str = ""
) -> Trained:
    """Train one run in a new directory; TensorFlow has been started."""
    from ablations.training.run import TrainingRequest, train
    from ablations.training.trainers.compiled.programs import Programs

    path.mkdir()
    directory = RunDirectory(path)
    programs = programs or Programs()
    run = Run("study", "arm", seed, recipe)
    root = RunsDirectory(path / "root")  # stages are shared with no other test's run
    settings = {"model.activation": "elu"}
    request = TrainingRequest(run, directory, settings, root, metric=metric)
    result = train(request, programs)
    return Trained(result, directory, programs, next(reversed(programs._kept.values())))


@cache
def shared_programs() -> Any:
    """Return programs that tests share, as tracing one takes as long as many small trainings.

    A module whose tests are about fresh programs says ``FRESH_PROGRAMS = True``.
    """
    from ablations.training.trainers.compiled.programs import Programs

    return Programs(kept=8)


def same_bits(one: Mapping[str, NDArray[Any]], other: Mapping[str, NDArray[Any]]) -> bool:
    """Whether two states hold the same arrays, bit for bit."""
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype and one[name].tobytes() == other[name].tobytes()
        for name in one
    )


def recorded_events(directory: Path) -> list[Any]:
    """Return step, tag and content of all that the event file holds, without times and names."""
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    from tensorboard.compat.proto.event_pb2 import Event

    (path,) = RunDirectory(directory).events
    events = [Event.FromString(record) for record in RawEventFileLoader(str(path)).Load()]
    values = [(event.step, value) for event in events for value in event.summary.value]
    return [(e.step, bool(e.graph_def), e.file_version) for e in events] + [
        (step, value.tag, value.tensor.SerializeToString())
        for step, value in values
        if not value.tag.endswith("microseconds_per_sample")
    ]
