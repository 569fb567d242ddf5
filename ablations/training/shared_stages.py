"""Stages that learn another task: trained once for all runs that have them alike.

A stage lies under a key of all that shapes it: what it learns from and how, the seed, the stages
before it, and what computed it, as other versions or devices give other bits.  Whoever needs it
first trains it, in a directory with records and checkpoints like a run's; others wait.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ablations.files import make_directory
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.leftovers import remove_leftovers
from ablations.ledger.lock import hold
from ablations.ledger.paths import RunsDirectory, StageDirectory
from ablations.study.recipe import DataRecipe, Recipe
from ablations.telemetry.run_events import RunEvents
from ablations.training import runtime
from ablations.training.checkpoint import Arrays, UnusableError
from ablations.training.recorded import RecordedTraining
from ablations.training.stage import Stage, earlier_stages
from ablations.training.trainers.compiled.programs import Programs
from ablations.training.trainers.compiled.trainer import CompiledTrainer
from ablations.training.training_state import Progress


@dataclass(frozen=True)
class Learned:
    """What the stages so far have left for those that follow."""

    progress: Progress
    weights: Arrays
    directories: tuple[StageDirectory, ...]
    """Where their epochs are recorded, in order."""


@dataclass(frozen=True)
class SharedStages:
    """The earlier stages of one recipe and seed, under ``root``."""

    recipe: Recipe
    seed: int
    root: RunsDirectory
    data_directory: Path | None
    programs: Programs
    digest: Callable[[DataRecipe], str]
    """Returns that of a data set as it is on this machine."""

    def learn(self) -> Learned:
        """Return what they learned, trained here if nowhere yet; one that diverged is the last."""
        learned, key = Learned(Progress(), {}, ()), ""
        for number, stage in enumerate(earlier_stages(self.recipe), start=1):
            if not learned.progress.reason:
                key = self._key(stage, key)
                learned = self._obtain(number, key, learned)
        return learned

    def _key(self, stage: Stage, previous: str) -> str:
        environment = {k: v for k, v in runtime.environment().items() if k != "ablations"}
        trained = fingerprint(stage.recipe, self.seed, self.digest(stage.recipe.data))
        content = [previous, trained, stage.content, environment]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def _obtain(self, number: int, key: str, before: Learned) -> Learned:
        directory = self.root.stage(key)
        make_directory(directory.path)
        with hold(directory.path, patience_seconds=math.inf) as lease:
            trainer = CompiledTrainer(
                self.recipe, self.seed, self.data_directory, self.programs, last_stage=number
            )
            training = _StageTraining(directory, key, trainer, lease.check)
            learned = training.learned() or training.train_from(before)
        return Learned(*learned, (*before.directories, directory))


class _StageTraining(RecordedTraining):
    directory: StageDirectory
    trainer: CompiledTrainer

    def learned(self) -> tuple[Progress, Arrays] | None:
        """Return what the finished stage left; None where there is none that can be trusted."""
        try:
            saved = self.checkpoints.load(self.directory.learned)
        except UnusableError:
            return None
        recorded = {self.directory.metrics.name, self.directory.recorded.name}
        if saved is None or saved.files.keys() != recorded:
            return None
        remove_leftovers(self.directory)  # of who was killed once it was finished
        return saved.state.progress, saved.arrays

    def train_from(self, before: Learned) -> tuple[Progress, Arrays]:
        """Train the stage, or what is left of it, after those before it."""

        def start(notes: tuple[str, ...]) -> None:
            self.checkpoints.clear()
            progress = before.progress
            for note in notes:
                progress = progress.add_note(note)
            self.trainer.start(progress, before.weights)

        self.restore_or_start(start)
        with RunEvents(self.directory.path, append_to=self.directory.recorded) as events:
            self.train(events)
        state, weights = self.state(), self.trainer.learned()
        self.fence()
        self.checkpoints.save(self.directory.learned, state, weights)
        remove_leftovers(self.directory)
        return state.progress, weights
