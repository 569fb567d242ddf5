"""Where everything under ``runs/`` lies.  No other module spells a file's name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ablations.errors import RunsDirectoryError
from ablations.study.expand import SEED_PREFIX, place
from ablations.study.schema import SUMMARY

RECIPE = "recipe.yaml"
METRICS = "metrics.jsonl"
RESULT = "result.json"
CHECKPOINT = "checkpoint"
FINAL_STATE = "state.npz"
RESUME = "resume.npz"
STUDY_RECORD = "study.yaml"
EVENTS_PREFIX = "events.out.tfevents."


@dataclass(frozen=True)
class RunDirectory:
    """One training: ``runs/<study>/<arm>/seed-<n>/``, or a trial's place; see ``place``."""

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
        return self._inside(self.root / study)

    def record(self, study: str) -> Path:
        """Return the file that keeps the study as it was last run."""
        return self.study(study) / STUDY_RECORD

    def summary(self, study: str, arm: str) -> Path:
        """Return ``runs/<study>/summary/<arm>/``: mean and band over the seeds."""
        return self._inside(self.root / study / SUMMARY / arm)

    def run(self, study: str, arm: str, seed: int, trial: str = "") -> RunDirectory:
        """Return the directory of one run, or of one trial of an arm's search."""
        return RunDirectory(self._inside(self.root / place(study, arm, seed, trial)))

    @cached_property
    def _real_root(self) -> Path:
        return self.root.resolve()

    def _inside(self, path: Path) -> Path:
        """Return ``path``, after checking that no link or name leads out of the root."""
        if not Path(os.path.realpath(path)).is_relative_to(self._real_root):
            raise RunsDirectoryError(f"{path}: leads out of {self.root}; wants a place inside it")
        return path


def seed_of(directory: Path) -> int:
    """Return the seed of a run directory by its name, or −1 if it is not one."""
    number = directory.name.removeprefix(SEED_PREFIX)
    numbered = directory.name.startswith(SEED_PREFIX) and number.isdecimal() and number.isascii()
    return int(number) if numbered else -1
