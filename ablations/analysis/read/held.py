"""Which kinds of values an event file holds: what decides which views there is something to see in.

Only the first part of a file is read, and no value: a run writes each kind again and again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ablations.ledger.event_records import DamagedError, read_events

MOST_BYTES = 8 * 1024**2
"""Read of each file; some hundred epochs with histograms, and ten thousand without."""


@dataclass(frozen=True)
class Held:
    """What some event files hold."""

    tags: frozenset[str] = frozenset()
    has_graph: bool = False

    def has(self, *starts: str) -> bool:
        """Whether a tag begins with one of these."""
        return any(tag.startswith(starts) for tag in self.tags)

    def __or__(self, other: Held) -> Held:
        return Held(self.tags | other.tags, self.has_graph or other.has_graph)


def held_in(paths: Iterable[Path | None]) -> Held:
    """Return what the event files hold together, as far as they can be read; None holds nothing."""
    found = Held()
    for path in filter(None, paths):
        found |= _held(path)
    return found


def _held(path: Path) -> Held:
    tags: set[str] = set()
    has_graph, size = False, 0
    try:
        for event in read_events(path):
            tags.update(value.tag for value in event.summary.value)
            has_graph = has_graph or bool(event.graph_def)
            size += event.ByteSize()
            if size > MOST_BYTES:
                break
    except (DamagedError, OSError):  # it may be growing: what stands before counts
        pass
    return Held(frozenset(tags), has_graph)
