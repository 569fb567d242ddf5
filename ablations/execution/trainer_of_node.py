"""What a Ray actor is on its node: one slot, where the node shares what a study needs."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from ablations import __version__
from ablations.data.locate import DIRECTORY_VARIABLE
from ablations.execution.processes import Slot, SlotKind
from ablations.execution.worker import Job, Outcome


@dataclass(frozen=True)
class Place:
    """What a node must share with this machine."""

    version: str
    directory: Path
    """Where the command was called: a user's code and data are found from there."""
    mark: Path
    """A file in the runs directory."""
    data: str | None
    """``$ABLATIONS_DATA``."""
    kind: SlotKind


class Trainer:
    """What an actor is: one slot on its node."""

    def begin(self, place: Place, has_gpu: bool) -> str:
        """Make the slot; return why this node cannot be used, empty where it can."""
        wrong = _difference(place)
        if not wrong:
            os.chdir(place.directory)
            if place.data is not None:
                os.environ[DIRECTORY_VARIABLE] = place.data
            gpu = os.environ["CUDA_VISIBLE_DEVICES"] if has_gpu else None
            self._slot = Slot(gpu, place.kind)
        return wrong

    def train(self, job: Job) -> Outcome:
        """Return what becomes of a job."""
        return self._slot.train(job)


def _difference(place: Place) -> str:
    if place.version != __version__:
        wrong = f"has ablations {__version__}; wants {place.version}"
    elif not place.mark.exists():
        wrong = f"does not see {place.mark.parent}; wants it on a file system that all nodes share"
    elif not place.directory.is_dir():
        wrong = f"does not see {place.directory}; wants it on a file system that all nodes share"
    else:
        return ""
    return f"node {platform.node()} {wrong}"
