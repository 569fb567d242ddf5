"""How to run, apart from what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ablations.study.shard import Shard


@dataclass(frozen=True)
class Options:
    """How to run, apart from what."""

    runs: Path = Path("runs")
    data_directory: Path | None = None
    """Where data sets are looked for before ``$ABLATIONS_DATA``."""
    executor: str = "processes"
    """A name in ``executor.EXECUTORS``."""
    device: str = "auto"
    """``auto``, ``cpu`` or ``gpu``."""
    workers: int | None = None
    """None is one a GPU or a core."""
    tensorflow: bool = True
    """Whether workers start TensorFlow, as a user's own trainer does not want."""
    devices_per_run: int = 1
    """The devices that one run takes, each a part of every batch."""
    run_limit: float | None = None
    """Seconds that a run may take; None is no limit."""
    epoch_limit: float | None = None
    """Seconds that a run may take without an epoch's end; None is ``limits.EPOCH_SECONDS``."""
    address: str | None = None
    """The Ray cluster to join: ``HOST:PORT`` or ``auto``; one of its own otherwise."""
    shard: Shard | None = None
    """The part of the runs that are trained here; None is all."""
    rerun: bool = False
    """Train again what is finished."""
