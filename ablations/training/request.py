"""What one training needs to know, whatever trains it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ablations.ledger.paths import RunDirectory, RunsDirectory
from ablations.study.expand import Run


@dataclass(frozen=True)
class TrainingRequest:
    """What one training needs to know."""

    run: Run
    directory: RunDirectory
    """The caller holds its lock."""
    settings: Mapping[str, str | float | bool]
    """The ablated settings, for the HParams dashboard."""
    root: RunsDirectory
    """Where the stages lie that runs share."""
    data_directory: Path | None = None
    data_digest: str = ""
    """That of all inputs as the caller planned the run; empty takes them as they are."""
    from_scratch: bool = False
    """Whether to ignore a checkpoint that the directory holds of this run."""
    metric: str = ""
    """What a user's own trainer must return: the metric that answers the study, or that of a trial
    of its search, which alone it keeps."""
    shares: Collection[str] = frozenset()
    """Metrics that are shown as a percentage of 1."""
    fence: Callable[[], None] = lambda: None
    """Raises ``HeldError`` where the caller has lost the lock."""


def now() -> str:
    """Return the time, as a result has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
