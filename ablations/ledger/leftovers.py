"""What a process that was killed leaves beside a finished training: nobody wants it any more."""

from __future__ import annotations

import contextlib

from ablations.files import UNFINISHED
from ablations.ledger.paths import TrainingDirectory


def remove_leftovers(directory: TrainingDirectory) -> None:
    """Remove the checkpoint of a finished training, and files that are half written."""
    for path in directory.path.glob(f".*{UNFINISHED}"):
        path.unlink(missing_ok=True)
    for path in directory.checkpoint.glob("*"):
        if path != directory.final_state:
            path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # the final state stays where the recipe keeps it
        directory.checkpoint.rmdir()
