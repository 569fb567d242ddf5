"""Where everything under ``runs/`` lies.  No other module spells a file's name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ablations.errors import RunsDirectoryError
from ablations.study.expand import SEED_PREFIX, run_path
from ablations.study.schema import SUMMARY

RECIPE = "recipe.yaml"
METRICS = "metrics.jsonl"
RESULT = "result.json"
CORRECT = "correct.bin"
CHECKPOINT = "checkpoint"
FINAL_STATE = "state.npz"
RESUME = "resume.npz"
STUDY_RECORD = "study.yaml"
LOOKS = "looks.json"
REPLACED = ".replaced"
EVENTS_PREFIX = "events.out.tfevents."
MOST_SEED_DIGITS = 19  # those of a 64-bit integer


@dataclass(frozen=True)
class RunDirectory:
    """One training: ``runs/<study>/<arm>/seed-<n>/``; see ``run_path`` for a trial's."""

    path: Path

    @property
    def recipe(self) -> Path:
        """The resolved recipe."""
        return self.path / RECIPE

    @property
    def metrics(self) -> Path:
        """One JSON line an epoch."""
        return self.path / METRICS

    @property
    def events(self) -> list[Path]:
        """TensorBoard's event files; a training writes one."""
        return sorted(self.path.glob(f"{EVENTS_PREFIX}*"))

    @property
    def result(self) -> Path:
        """Written once, atomically, last: a run is finished if and only if it is there."""
        return self.path / RESULT

    @property
    def correct(self) -> Path:
        """Which test examples were classified correctly, one bit each, in the split's order."""
        return self.path / CORRECT

    def replaced(self, fingerprint: str) -> Path:
        """Return the archive of the run as it was, beside the directories of its arm's seeds."""
        return self.path.parent / REPLACED / f"{self.path.name}-{fingerprint[:16]}.tar"

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
        """Where the run stands after one of its epochs; gone once it is finished."""
        return self.checkpoint / RESUME


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

    def _inside(self, below: str) -> Path:
        """Return a path ``below`` the root, if no link and no name in it leads out of the root."""
        path, may_leave = str(self.root), False
        for name in below.split("/"):
            path = f"{path}/{name}"
            may_leave = may_leave or name == ".." or os.path.islink(path)
        root = os.path.realpath(self.root) if may_leave else ""
        if root and not Path(os.path.realpath(path)).is_relative_to(root):
            raise RunsDirectoryError(f"{path}: leads out of {self.root}; wants a place inside it")
        return Path(path)


def seed_of(directory: Path) -> int | None:
    """Return the seed of a run's directory by its name, or None if it is not called as one."""
    number = directory.name.removeprefix(SEED_PREFIX)
    if not (number.isascii() and number.isdigit() and len(number) <= MOST_SEED_DIGITS):
        return None
    seed = int(number)
    return seed if directory.name == f"{SEED_PREFIX}{seed}" else None
