"""What a process that was killed leaves beside a finished training: nobody wants it any more."""

from __future__ import annotations

import contextlib
from pathlib import Path

from ablations.files import UNFINISHED
from ablations.ledger.paths import TrainingDirectory


def remove_leftovers(directory: TrainingDirectory) -> None:
    """Remove the checkpoint of a finished training, and files that are half written.

    All else in ``checkpoint/`` stays: the final state, and what a user's own code keeps there.
    """
    remove_unfinished(directory.path)
    remove_unfinished(directory.checkpoint)
    directory.resume.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # it is not empty
        directory.checkpoint.rmdir()


def remove_unfinished(place: Path) -> None:
    """Remove files that are half written."""
    for path in place.glob(f".*{UNFINISHED}"):
        path.unlink(missing_ok=True)
