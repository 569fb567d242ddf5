"""A run that a command trains: what it is told, and how what it logs reaches TensorBoard."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from typing import Any

from ablations.errors import UserCodeError
from ablations.ledger.lines import parse_line
from ablations.ledger.paths import RunDirectory
from ablations.ledger.records import Result
from ablations.study.free_recipes import CommandRecipe, code_of_words
from ablations.study.yaml_writer import to_yaml
from ablations.telemetry.run_events import RunEvents
from ablations.training.request import TrainingRequest
from ablations.training.resume import CheckpointManager
from ablations.training.trainers.program.final_metrics import number_in
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

    @property
    def work_directory(self) -> str | None:
        """Where the command runs: where its code lies."""
        return self.recipe.code

    def words(self, fingerprint: str) -> list[str]:
        """Return the command with everything put in."""
        return self.recipe.words(self.seed, self.directory.path.resolve())

    def check(self) -> None:
        """See that the files that its words name are what they were.

        Raises:
            UserCodeError: they have changed.
        """
        found = code_of_words(self.recipe.trainer.command, self.recipe.settings)
        if found != self.recipe.code_hash:
            raise UserCodeError(f"{self.name}: its code has changed since the study was read")

    def continues(self, checkpoints: CheckpointManager) -> Beginning | None:
        """Leave the directory as it is where the same command has kept a ``checkpoint/`` there.

        What it goes on from is its own affair; its scalars are recorded again from its log.
        """
        kept, recipe = self.directory.checkpoint, self.directory.recipe
        same = recipe.is_file() and recipe.read_text() == to_yaml(
            self.recipe.model_dump(mode="json")
        )
        if not same or not kept.is_dir() or not any(kept.iterdir()):
            return None
        for path in self.directory.events:
            path.unlink()
        return Beginning(("started again beside the checkpoint/ that it had kept",))

    def follow(self, events: RunEvents) -> Callable[[], None]:
        """Return what records each new line of ``metrics.jsonl``."""
        read, torn = 0, b""

        def follow() -> None:
            nonlocal read, torn
            try:
                if not self.directory.metrics.is_file():  # a pipe could be read for ever
                    return
                with self.directory.metrics.open("rb") as stream:
                    stream.seek(read)
                    added = stream.read()
            except OSError:
                return
            read += len(added)
            *lines, torn = (torn + added).split(b"\n")
            for line in lines:
                if (epoch := parse_line(line)) is not None:
                    step = epoch["epoch"]
                    numbers = ((k, number_in(v)) for k, v in epoch.items() if k != "epoch")
                    events.write_own(int(step or 0), {k: v for k, v in numbers if v is not None})

        return follow

    def versions(self) -> Mapping[str, Any]:
        """Return nothing: what a program computes with is not known."""
        return {}

    def clean(self) -> None:
        """Remove the ``checkpoint/`` of the program."""
        shutil.rmtree(self.directory.checkpoint, ignore_errors=True)
