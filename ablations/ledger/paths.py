"""Where everything under ``runs/`` lies.  No other module spells a file's name."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from ablations.errors import RunsDirectoryError
from ablations.study.expand import SEED_PREFIX, run_path
from ablations.study.schema import SUMMARY

RECIPE = "recipe.yaml"
METRICS = "metrics.jsonl"
LAYERS = "layers.jsonl"
RESULT = "result.json"
CORRECT = "correct.bin"
CHECKPOINT = "checkpoint"
FINAL_STATE = "state.npz"
RESUME = "resume.npz"
STUDY_RECORD = "study.yaml"
LOOKS = "looks.json"
REPLACED = ".replaced"
EVENTS_PREFIX = "events.out.tfevents."
STAGES = ".stages"
STAGE_EVENTS = "events"  # a name by which TensorBoard does not take it for a run's
LEARNED = "learned.npz"
FINAL_METRICS = "final.json"
OUTPUT = "output.log"
VERSIONS = ".versions.json"
IMPORTED = ".imported"
MOST_SEED_DIGITS = 19  # those of a 64-bit integer


@dataclass(frozen=True)
class TrainingDirectory(ABC):
    """What any training leaves: its epochs, and where it stands."""

    path: Path

    @property
    def metrics(self) -> Path:
        """One JSON line an epoch."""
        return self.path / METRICS

    @property
    def layers(self) -> Path:
        """One JSON line an observed epoch: the diagnostics of each layer."""
        return self.path / LAYERS

    @property
    @abstractmethod
    def events(self) -> list[Path]:
        """The event files that there are; a training writes one."""

    @property
    @abstractmethod
    def final(self) -> tuple[Path, ...]:
        """What a finished training alone has; where the first is there, it is finished."""

    @property
    def checkpoint(self) -> Path:
        """What a resume needs, and the final state where the recipe keeps it."""
        return self.path / CHECKPOINT

    @property
    def final_state(self) -> Path:
        """All variables after the last epoch."""
        return self.checkpoint / FINAL_STATE

    @property
    def resume(self) -> Path:
        """Where the training stands after one of its epochs; gone once it is finished."""
        return self.checkpoint / RESUME


def lock_of(directory: Path) -> Path:
    """Return the file that is locked while a directory is trained in; it lies beside that."""
    return directory.with_name(f".{directory.name}.lock")


def lease_of(directory: Path) -> Path:
    """Return the file that names who trains in a directory; it lies beside that."""
    return directory.with_name(f".{directory.name}.lease")


@dataclass(frozen=True)
class RunDirectory(TrainingDirectory):
    """One run: ``runs/<study>/<arm>/seed-<n>/``; see ``run_path`` for a trial's."""

    @property
    def recipe(self) -> Path:
        """The resolved recipe."""
        return self.path / RECIPE

    @property
    def events(self) -> list[Path]:
        """TensorBoard's event files."""
        return sorted(self.path.glob(f"{EVENTS_PREFIX}*"))

    @property
    def final(self) -> tuple[Path, ...]:
        """The result, and what belongs to it."""
        return (self.result, self.correct)

    @property
    def result(self) -> Path:
        """Written once, atomically, last: a run is finished if and only if it is there."""
        return self.path / RESULT

    @property
    def correct(self) -> Path:
        """Which test examples were classified correctly, one bit each, in the split's order."""
        return self.path / CORRECT

    @property
    def final_metrics(self) -> Path:
        """What a user's own trainer leaves: a flat mapping of metrics."""
        return self.path / FINAL_METRICS

    @property
    def output(self) -> Path:
        """What a user's own trainer printed."""
        return self.path / OUTPUT

    @property
    def versions(self) -> Path:
        """What a user's function had imported, while its run is on."""
        return self.path / VERSIONS

    @property
    def imported(self) -> Path:
        """The files that a command's Python has imported, a line each, while its run is on."""
        return self.path / IMPORTED

    def replaced(self, fingerprint: str, result: str) -> Path:
        """Return the archive of the run as it was, beside the directories of its arm's seeds.

        ``result`` is a hash of its result: runs of one fingerprint may have different ones.
        """
        name = f"{self.path.name}-{fingerprint[:16]}-{result[:8]}.tar"
        return self.path.parent / REPLACED / name


@dataclass(frozen=True)
class StageDirectory(TrainingDirectory):
    """A stage that runs share: ``runs/.stages/<key>/``, by all that shapes what it learns."""

    @property
    def recorded(self) -> Path:
        """What its epochs add to the event file of each run, record by record."""
        return self.path / STAGE_EVENTS

    @property
    def events(self) -> list[Path]:
        """The one file of records, where it is there."""
        return [self.recorded] if self.recorded.exists() else []

    @property
    def learned(self) -> Path:
        """The weights, and where training stands: written once, last."""
        return self.path / LEARNED

    @property
    def final(self) -> tuple[Path, ...]:
        """What it learned."""
        return (self.learned,)


@dataclass(frozen=True)
class RunsDirectory:
    """The root that holds one directory a study."""

    root: Path

    def study(self, study: str) -> Path:
        """Return ``runs/<study>/``."""
        return self._inside(study)

    def record(self, study: str) -> Path:
        """Return the file that keeps the study as it was last run."""
        return self.study(study) / STUDY_RECORD

    def looks(self, study: str) -> Path:
        """Return the file that keeps the looks at a study."""
        return self.study(study) / LOOKS

    def summary(self, study: str, arm: str) -> Path:
        """Return ``runs/<study>/summary/<arm>/``: mean and band over the seeds."""
        return self._inside(f"{study}/{SUMMARY}/{arm}")

    def run(self, study: str, arm: str, seed: int, trial: str = "") -> RunDirectory:
        """Return the directory of one run, or of one trial of an arm's search."""
        return RunDirectory(self._inside(run_path(study, arm, seed, trial)))

    def stage(self, key: str) -> StageDirectory:
        """Return the directory of a stage that runs of any study share."""
        return StageDirectory(self._inside(f"{STAGES}/{key}"))

    def stages(self) -> list[Path]:
        """Return the directories of all stages that runs share."""
        return sorted(path for path in self._inside(STAGES).glob("*") if path.is_dir())

    def _inside(self, below: str) -> Path:
        """Return a path ``below`` the root: no name in it leads out, and none is a link.

        A linked directory could be another run's, and one training would replace both.
        """
        path = str(self.root)
        for name in below.split("/"):
            path = f"{path}/{name}"
            if name == ".." or os.path.islink(path):
                inside = Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.root))
                what = "is a link" if inside else f"leads out of {self.root}"
                raise RunsDirectoryError(f"{path}: {what}; wants a directory of its own inside it")
        return Path(path)


def seed_of(directory: Path) -> int | None:
    """Return the seed of a run's directory by its name, or None if it is not called as one."""
    number = directory.name.removeprefix(SEED_PREFIX)
    if not (number.isascii() and number.isdigit() and len(number) <= MOST_SEED_DIGITS):
        return None
    seed = int(number)
    return seed if directory.name == f"{SEED_PREFIX}{seed}" else None
