"""A run that a command trains: what it is told, and how what it logs reaches TensorBoard."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from ablations.errors import UserCodeError
from ablations.ledger.leftovers import remove_unfinished
from ablations.ledger.paths import RunDirectory
from ablations.ledger.records import Result
from ablations.ledger.standing import keeps_its_own
from ablations.own_files import MOST_LISTED
from ablations.study.free_recipes import CommandRecipe, code_of_words
from ablations.telemetry.run_events import RunEvents
from ablations.training.request import TrainingRequest
from ablations.training.resume import CheckpointManager
from ablations.training.trainers.command.log import FollowedLog
from ablations.training.trainers.program.training import Beginning, train


def train_by_command(request: TrainingRequest) -> Result:
    """Let a command train; see ``program.training.train``."""
    return train(request, CommandProgram(request))


class CommandProgram:
    """The command of one run."""

    def __init__(self, request: TrainingRequest) -> None:
        assert isinstance(request.run.recipe, CommandRecipe)
        self.recipe: CommandRecipe = request.run.recipe
        self.seed, self.name = request.run.seed, str(request.run)
        self.directory: RunDirectory = request.directory
        self._log = FollowedLog(request.directory.metrics)

    @property
    def work_directory(self) -> str | None:
        """Where the command runs: where its code lies, or in the run's own directory."""
        own = self.recipe.trainer.cwd is not None
        return str(self.directory.path.resolve()) if own else self.recipe.code

    @property
    def modules(self) -> str | None:
        """Where its code lies, if it runs elsewhere."""
        return None if self.recipe.trainer.cwd is None else os.path.abspath(self.recipe.code or ".")

    def words(self, fingerprint: str) -> list[str]:
        """Return the command with everything put in."""
        return self.recipe.words(self.seed, self.directory.path.resolve())

    def check(self) -> None:
        """See that the files of a command are what they were, where they were not recorded each.

        Raises:
            UserCodeError: they have changed.
        """
        if 0 < len(self.recipe.made_of) < MOST_LISTED:
            return  # each was looked at
        found = code_of_words(self.recipe.trainer.command, self.recipe.settings)
        if found != self.recipe.code_hash:
            raise UserCodeError(f"{self.name}: its code has changed since the study was read")

    def continues(self, checkpoints: CheckpointManager) -> Beginning | None:
        """Leave the directory as it is where the same command has kept a ``checkpoint/`` there.

        What it goes on from is its own affair; its scalars are recorded again from its log.
        """
        if not keeps_its_own(self.recipe, self.directory):
            return None
        for path in self.directory.events:
            path.unlink()
        return Beginning(("started again beside the checkpoint/ that it had kept",))

    def follow(self, events: RunEvents) -> Callable[[], None]:
        """Return what records each new line of ``metrics.jsonl``."""
        return lambda: self._log.follow(events)

    def notes(self) -> tuple[str, ...]:
        """Return what of its log no curve shows."""
        return tuple(self._log.notes())

    def versions(self) -> Mapping[str, Any]:
        """Return nothing: what a program computes with is not known."""
        return {}

    def imported(self) -> Mapping[str, str]:
        """Return nothing: what a program imports cannot be told from outside it."""
        return {}

    def clean(self) -> None:
        """Remove what is half written; its ``checkpoint/`` is the program's own, and stays."""
        remove_unfinished(self.directory.path)
