"""What a node of a cluster must have in common with the machine that asks it to train."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

from ablations import __version__
from ablations.execution.limits import Limits


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
    limits: Limits

    def difference(self) -> str:
        """Return why this node cannot be used, empty where it can."""
        if self.version != __version__:
            wrong = f"has ablations {__version__}; wants {self.version}"
        elif unseen := [p for p in (self.mark.parent, self.directory) if not p.is_dir()]:
            wrong = f"does not see {unseen[0]}; wants it on a file system that all nodes share"
        elif not self.mark.exists():
            wrong = f"sees another {self.mark.parent}; wants it on a file system that all share"
        else:
            return ""
        return f"node {platform.node()} {wrong}"
