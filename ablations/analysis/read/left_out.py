"""What a report does not count, and why: nothing on disk is dropped silently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "missing", "unfinished", "stale", "failed", "unreadable", "foreign", "removed", "incomplete"
]


@dataclass(frozen=True)
class LeftOut:
    """Runs of one arm, or of one trial of its search, that the report does not count, and why."""

    kind: Kind
    arm: str
    seeds: tuple[int, ...]
    reason: str
