"""Continue an interrupted run: its checkpoint, and files truncated to what they were then.

Metrics and events grow by appending, so a checkpoint notes how long they were: truncated to
that and trained on, they hold each step once.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from ablations.ledger import replaced
from ablations.ledger.paths import RunDirectory
from ablations.ledger.records import CheckpointHeader, read_checkpoint_header
from ablations.training import checkpoint
from ablations.training.checkpoint import Arrays, CheckpointInterval, UnusableError
from ablations.training.training_state import TrainingState


@dataclass(frozen=True)
class Checkpoint:
    """A run between two epochs."""

    state: TrainingState
    arrays: Arrays
    """All variables by name, the best weights and those that earlier stages learned."""
    file_lengths: Mapping[str, int]
    """Name of a file that grows with the epochs → its length in bytes."""


class CheckpointManager:
    """The checkpoint of one run while it trains; the caller holds the directory's lock."""

    def __init__(self, directory: RunDirectory, fingerprint: str) -> None:
        self.directory, self.fingerprint = directory, fingerprint
        self._interval = CheckpointInterval()

    def load(self) -> Checkpoint | None:
        """Return the checkpoint to continue from, None where there is none.

        Raises:
            UnusableError: there is one, but it is torn, of another version or of another run.
        """
        if not self.directory.resume.exists():
            return None
        header = self._header()
        files = self._growing_files()
        for name, length in header.file_lengths.items():
            if name not in files:
                raise UnusableError(f"{name} is none of its files")
            if files[name].stat().st_size < length:
                raise UnusableError(f"{name} is shorter than it was")
        try:
            state = TrainingState.model_validate(header.progress)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise UnusableError(f"it is of another version: {where}: {first['msg']}") from None
        return Checkpoint(state, checkpoint.load(self.directory.resume), header.file_lengths)

    def truncate_files(self, restored: Checkpoint) -> None:
        """Truncate metrics and events to the lengths that they had at the checkpoint."""
        self.directory.result.unlink(missing_ok=True)
        self.directory.correct.unlink(missing_ok=True)
        for name, length in restored.file_lengths.items():
            os.truncate(self.directory.path / name, length)

    def clear(self) -> None:
        """Empty the directory, the result first: what is half cleared must not look finished.

        A finished run is archived before.
        """
        replaced.keep(self.directory)
        self.directory.result.unlink(missing_ok=True)
        for path in self.directory.path.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def save_if_due(
        self, get_state: Callable[[], TrainingState], get_arrays: Callable[[], Arrays]
    ) -> None:
        """Write a checkpoint of the current state if the last one is long enough ago."""
        if not self._interval.due:
            return
        started = time.perf_counter()
        state = get_state()
        header = CheckpointHeader(
            fingerprint=self.fingerprint,
            epochs=state.progress.epochs,
            progress=state.model_dump(),
            file_lengths={n: path.stat().st_size for n, path in self._growing_files().items()},
        )
        checkpoint.save(self.directory.resume, get_arrays(), header)
        self._interval.restart(started)

    def remove(self) -> None:
        """Remove the checkpoint of a finished run, and what a killed process left half written."""
        for path in self.directory.checkpoint.glob("*"):
            if path != self.directory.final_state:
                path.unlink()
        with contextlib.suppress(OSError):  # the final state stays where the recipe keeps it
            self.directory.checkpoint.rmdir()

    def _header(self) -> CheckpointHeader:
        header = read_checkpoint_header(self.directory.resume)
        if header is None:
            raise UnusableError("it cannot be read")
        if header.fingerprint != self.fingerprint:
            raise UnusableError("it is of another recipe, data set or version of the code")
        return header

    def _growing_files(self) -> dict[str, Path]:
        """Return name → path of the files that grow with the epochs, where there are some."""
        growing = [self.directory.metrics, *self.directory.events]
        return {path.name: path for path in growing if path.is_file()}
