"""Continue an interrupted run: its checkpoint, and files cut back to where the checkpoint stands.

Metrics and events grow by appending, so a checkpoint notes how long they were: cut to that, and
trained on, they hold each step once.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from ablations.ledger.paths import RunDirectory
from ablations.ledger.records import Place, read_place
from ablations.training import checkpoint
from ablations.training.checkpoint import Pace, State, UnusableError


class Resume:
    """The checkpoint of one run for as long as it trains; the run holds the directory's lock."""

    def __init__(self, directory: RunDirectory, fingerprint: str) -> None:
        self.directory, self.fingerprint = directory, fingerprint
        self._pace = Pace()

    def find(self) -> tuple[Place, dict[str, NDArray[Any]]] | None:
        """Return place and state to continue from, or None where there is no checkpoint.

        Raises:
            UnusableError: there is one, but it is torn, or not of this run.
        """
        if not self.directory.resume.exists():
            return None
        place = read_place(self.directory.resume)
        if place is None:
            raise UnusableError("it cannot be read")
        if place.fingerprint != self.fingerprint:
            raise UnusableError("it is of another recipe, data set or version of the code")
        state = checkpoint.load(self.directory.resume)
        for name, length in place.file_lengths.items():
            file = self.directory.path / name
            if not file.is_file() or file.stat().st_size < length:
                raise UnusableError(f"{name} is shorter than it was")
        return place, state

    def cut_back(self, place: Place) -> None:
        """Cut the files to the lengths that they had at the checkpoint."""
        self.directory.result.unlink(missing_ok=True)
        for name, length in place.file_lengths.items():
            os.truncate(self.directory.path / name, length)

    def clear(self) -> None:
        """Empty the directory, the result first: what is half cleared must not look finished."""
        self.directory.result.unlink(missing_ok=True)
        for path in self.directory.path.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def save_if_due(
        self, epochs: int, progress: Callable[[], dict[str, Any]], state: Callable[[], State]
    ) -> None:
        """Write a checkpoint if the last one is long enough ago; ``progress`` is plain data."""
        if not self._pace.due:
            return
        started = time.perf_counter()
        growing = [self.directory.metrics, *self.directory.events]
        place = Place(
            fingerprint=self.fingerprint,
            epochs=epochs,
            progress=progress(),
            file_lengths={path.name: path.stat().st_size for path in growing},
        )
        checkpoint.save(self.directory.resume, state(), place)
        self._pace.wrote(started)

    def remove(self) -> None:
        """Remove the checkpoint of a finished run, and what a killed process left half written."""
        for path in self.directory.checkpoint.glob("*"):
            if path != self.directory.final_state:
                path.unlink()
        with contextlib.suppress(OSError):  # the final state stays where the recipe keeps it
            self.directory.checkpoint.rmdir()
