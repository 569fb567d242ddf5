"""Continue an interrupted training: its checkpoint, and files truncated to what they were then.

Metrics, diagnostics and events grow by appending, so a checkpoint notes how long they were, and the
checksum of that: truncated to it and trained on, they hold each step once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ablations.files import sync
from ablations.ledger.paths import TrainingDirectory
from ablations.ledger.records import CheckpointHeader, FileState, read_checkpoint_header
from ablations.training import checkpoint
from ablations.training.checkpoint import Arrays, CheckpointInterval, UnusableError
from ablations.training.training_state import TrainingState


@dataclass(frozen=True)
class Checkpoint:
    """A training between two epochs."""

    state: TrainingState
    arrays: Arrays
    """All variables by name, the best weights and those that earlier stages learned."""
    files: Mapping[str, FileState]
    """Name of a file that grows with the epochs → what it was."""


class CheckpointManager:
    """The checkpoint of one training; the caller holds the directory's lock."""

    def __init__(self, directory: TrainingDirectory, fingerprint: str) -> None:
        self.directory, self.fingerprint = directory, fingerprint
        self._interval = CheckpointInterval()

    def load(self, path: Path) -> Checkpoint | None:
        """Return what ``save`` wrote, None where there is none.

        Raises:
            UnusableError: it is torn, damaged, of another version or of another training.
        """
        found = self.read(path)
        if found is None:
            return None
        header, arrays = found
        try:
            progress = TrainingState.model_validate(header.progress)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise UnusableError(f"it is of another version: {where}: {first['msg']}") from None
        return Checkpoint(progress, arrays, header.files)

    def read(self, path: Path) -> tuple[CheckpointHeader, Arrays] | None:
        """Return what ``write`` wrote, None where there is none.

        Raises:
            UnusableError: it is torn, damaged or of another training.
        """
        if not path.exists():
            return None
        header = self._header(path)
        files = self._growing_files()
        for name, state in header.files.items():
            if name not in files:
                raise UnusableError(f"{name} is none of its files")
            if files[name].stat().st_size < state.length:
                raise UnusableError(f"{name} is shorter than it was")
            if _state_of(files[name], state.length) != state:
                raise UnusableError(f"{name} is not what it was")
        return header, checkpoint.load(path)

    def truncate_files(self, files: Mapping[str, FileState]) -> None:
        """Truncate what grows to the lengths at the checkpoint; what began later is deleted."""
        for path in self.directory.final:
            path.unlink(missing_ok=True)
        for name, path in self._growing_files().items():
            if name not in files:
                path.unlink()
        for name, state in files.items():
            os.truncate(self.directory.path / name, state.length)

    def clear(self) -> None:
        """Empty the directory: what is half cleared must not look finished."""
        _delete(self.directory.final[0])
        for path in self.directory.path.iterdir():
            _delete(path)

    def save_if_due(
        self, get_state: Callable[[], TrainingState], get_arrays: Callable[[], Arrays]
    ) -> None:
        """Write a checkpoint of the current state if the last one is long enough ago."""
        if self._interval.due:
            started = time.perf_counter()
            self.save(self.directory.resume, get_state(), get_arrays())
            self._interval.restart(started)

    def save(self, path: Path, state: TrainingState, arrays: Arrays) -> None:
        """Write where the training stands; what it recorded so far is on the disk before."""
        self.write(path, state.progress.epochs, state.model_dump(), arrays)

    def write(self, path: Path, epochs: int, progress: Mapping[str, Any], arrays: Arrays) -> None:
        """Write how far a training has come, as plain data, and its arrays."""
        files = self.sync_files()
        header = CheckpointHeader(
            fingerprint=self.fingerprint,
            epochs=epochs,
            progress=progress,
            files={name: _state_of(each, each.stat().st_size) for name, each in files.items()},
        )
        checkpoint.save(path, arrays, header)

    def sync_files(self) -> dict[str, Path]:
        """Wait until all that grows is on the disk; return name → path of each."""
        files = self._growing_files()
        for path in files.values():
            sync(path)
        return files

    def _header(self, path: Path) -> CheckpointHeader:
        header = read_checkpoint_header(path)
        if header is None:
            raise UnusableError("it cannot be read")
        if header.fingerprint != self.fingerprint:
            raise UnusableError("it is of another recipe, data set or version of the code")
        return header

    def _growing_files(self) -> dict[str, Path]:
        """Return name → path of the files that grow with the epochs, where there are some."""
        growing = [self.directory.metrics, self.directory.layers, *self.directory.events]
        return {path.name: path for path in growing if path.is_file()}


def _delete(path: Path) -> None:
    """Delete a file, a link or a whole directory, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _state_of(path: Path, length: int) -> FileState:
    """Return what the first ``length`` bytes of a file are."""
    with path.open("rb") as stream:
        return FileState(length=length, sha256=hashlib.sha256(stream.read(length)).hexdigest())
