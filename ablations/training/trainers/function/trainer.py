"""A run that a user's function trains, as the process that starts it sees it."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from ablations.errors import TrainerError, UserCodeError
from ablations.ledger.leftovers import remove_leftovers
from ablations.ledger.paths import RunDirectory
from ablations.ledger.records import Result
from ablations.study.free_recipes import FunctionRecipe, code_of
from ablations.telemetry.run_events import RunEvents
from ablations.training.checkpoint import UnusableError
from ablations.training.request import TrainingRequest
from ablations.training.resume import CheckpointManager
from ablations.training.trainers.program.ending import last_lines
from ablations.training.trainers.program.final_metrics import LEFT_NOTHING
from ablations.training.trainers.program.training import Beginning, train

VERSIONS, IMPORTED, RESTORED = "versions", "imported", "restored"
"""What the process tells of itself."""
PROGRAM = "ablations.training.trainers.function"
RAISED = 70
"""The exit status where the function raised, or returned no metrics; its last line says which."""


def train_by_function(request: TrainingRequest) -> Result:
    """Let a function train; see ``program.training.train``.

    Raises:
        TrainerError: it raised, or returned no metrics; in which line of the user's files.
    """
    directory = request.directory
    try:
        return train(request, FunctionProgram(request))
    except TrainerError as error:
        if str(error) == LEFT_NOTHING:
            raise TrainerError("its process ended before it had returned its metrics") from None
        if str(error).startswith(f"exit status {RAISED};") and (
            lines := last_lines(directory.output)
        ):
            raise TrainerError(lines[-1]) from None
        raise


class FunctionProgram:
    """The process of one run."""

    def __init__(self, request: TrainingRequest) -> None:
        assert isinstance(request.run.recipe, FunctionRecipe)
        self.recipe: FunctionRecipe = request.run.recipe
        self.seed = request.run.seed
        self.metric = request.metric
        self.directory: RunDirectory = request.directory
        self._saved_step: int | None = None

    @property
    def work_directory(self) -> str | None:
        """Where it runs: in the working directory, wherever its code lies."""
        return None

    @property
    def variables(self) -> Mapping[str, str]:
        """Nothing: it is told all by its words."""
        return {}

    def words(self, fingerprint: str) -> list[str]:
        """Return the command that calls the function; it reads the rest from ``recipe.yaml``."""
        where = str(self.directory.path.resolve())
        return [sys.executable, "-m", PROGRAM, where, str(self.seed), fingerprint, self.metric]

    def check(self) -> None:
        """See that the function's code is what it was.

        Raises:
            UserCodeError: it has changed.
        """
        if code_of(self.recipe.trainer) != self.recipe.code_hash:
            name = self.recipe.trainer
            raise UserCodeError(f"{name}: its code has changed since the study was read")

    def continues(self, checkpoints: CheckpointManager) -> Beginning | None:
        """Go on from what the function has saved by ``run.checkpoint``, if it has."""
        try:
            saved = checkpoints.read(self.directory.resume)
        except UnusableError:
            return None
        if saved is None:
            return None
        header, _ = saved
        checkpoints.truncate_files(header.files)
        seconds = header.progress.get("seconds", 0.0)
        self._saved_step = header.epochs
        return Beginning((), float(seconds))

    def follow(self, events: RunEvents) -> Callable[[], None]:
        """Return what does nothing: the function's own process records what it logs."""
        return lambda: None

    def notes(self) -> tuple[str, ...]:
        """Return whether the function went on from what it had saved, where it had."""
        if self._saved_step is None:
            return ()
        if self._all_told().get(RESTORED):
            return (f"continued after step {self._saved_step}",)
        saved = f"what it had saved at step {self._saved_step}"
        return (f"began anew, as it never called run.checkpoint.restore for {saved}",)

    def versions(self) -> Mapping[str, Any]:
        """Return the versions of what it had imported at its end."""
        return self._told(VERSIONS)

    def imported(self) -> Mapping[str, str]:
        """Return the user's own modules that it had imported at its end."""
        return self._told(IMPORTED)

    def _told(self, what: str) -> dict[str, str]:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            found = self._all_told()[what]
            return {str(name): str(value) for name, value in dict(found).items()}
        return {}

    def _all_told(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError, TypeError):
            return dict(json.loads(self.directory.versions.read_bytes()))
        return {}

    def clean(self) -> None:
        """Remove what it told of itself, and what a resume needed."""
        self.directory.versions.unlink(missing_ok=True)
        remove_leftovers(self.directory)
