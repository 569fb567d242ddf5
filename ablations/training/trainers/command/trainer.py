"""A run that a command trains: what it is told, and how what it logs reaches TensorBoard."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ablations.errors import UserCodeError
from ablations.ledger.leftovers import remove_unfinished
from ablations.ledger.paths import RunDirectory
from ablations.ledger.records import Result
from ablations.ledger.standing import keeps_its_own
from ablations.own_files import EDITED, MOST_LISTED, digest, is_own, resolved, roots_with, shown
from ablations.study.free_recipes import CommandRecipe, code_of_words
from ablations.telemetry.run_events import RunEvents
from ablations.training.request import TrainingRequest
from ablations.training.resume import CheckpointManager
from ablations.training.trainers.command.log import FollowedLog
from ablations.training.trainers.program.training import Beginning, train

IMPORT_WATCH = str(Path(__file__).parent / "import_watch")
IMPORTED_FILES = "ABLATIONS_IMPORTED_FILES"
"""Tells ``import_watch/sitecustomize.py`` where to write."""


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
        self._started = time.time()

    @property
    def work_directory(self) -> str | None:
        """Where the command runs: where its code lies, or in the run's own directory."""
        own = self.recipe.trainer.cwd is not None
        return str(self.directory.path.resolve()) if own else self.recipe.code

    @property
    def variables(self) -> Mapping[str, str]:
        """What lets Python find its code if it runs elsewhere, and record what it imports."""
        own = [] if self.recipe.trainer.cwd is None else [os.path.abspath(self.recipe.code or ".")]
        path = [IMPORT_WATCH, *own, os.environ.get("PYTHONPATH", "")]
        return {
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            IMPORTED_FILES: str(self.directory.imported.resolve()),
        }

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
        """Return the user's own files that it imported, if Python ran, beside those found before.

        One that was edited since the program started may have been read before or after that.
        """
        try:
            names = set(self.directory.imported.read_text(errors="surrogateescape").splitlines())
        except OSError:
            return {}
        roots = roots_with(*map(Path, [self.recipe.code] if self.recipe.code else []))
        known = {*self.recipe.made_of, *map(shown, self.recipe.code_files())}
        own = sorted(Path(name) for name in names if is_own(resolved(name), roots))
        return {
            shown(path): EDITED if path.stat().st_mtime > self._started else digest(path)
            for path in own
            if path.is_file() and shown(path) not in known
        }

    def clean(self) -> None:
        """Remove what is half written; its ``checkpoint/`` is the program's own, and stays."""
        self.directory.imported.unlink(missing_ok=True)
        remove_unfinished(self.directory.path)
