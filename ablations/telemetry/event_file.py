"""Append events to a TensorBoard event file: no TensorFlow, and nothing buffered.

Each call writes one record that holds all tags of a step, straight to the file, so a killed
process loses nothing that was logged.
"""

from __future__ import annotations

import itertools
import os
import socket
import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary

from ablations.ledger.event_records import record as record
from ablations.ledger.paths import EVENTS_PREFIX
from ablations.telemetry.summaries import Value

_FILES = itertools.count()


class EventFile:
    """One event file, open for appending; a context manager that closes it."""

    def __init__(
        self,
        directory: Path,
        suffix: str = "",
        append_to: Path | None = None,
        prefix: str = EVENTS_PREFIX,
        started: float | None = None,
    ) -> None:
        """Open a new file, or one to ``append_to``.

        ``prefix`` is that by which TensorBoard finds event files, or another that it passes;
        ``started`` is the time by which TensorBoard orders its runs, None is now.
        """
        name = f"{prefix}{int(time.time())}.{socket.gethostname()}.{os.getpid()}"
        self.path = append_to or directory / f"{name}.{next(_FILES)}{suffix}"
        self._stream = self.path.open("ab", buffering=0)
        if append_to is None:
            self._append(Event(file_version="brain.Event:2"), started)

    def __enter__(self) -> EventFile:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def write(self, step: int, *values: Value) -> None:
        """Append all values of one step as one record."""
        if values:
            self._append(Event(step=step, summary=Summary(value=values)))

    def write_graph(self, graph_definition: bytes) -> None:
        """Append a serialized ``GraphDef`` for the Graphs dashboard."""
        self._append(Event(graph_def=graph_definition))

    def append(self, records: bytes) -> None:
        """Append records as another file holds them."""
        self._stream.write(records)

    def _append(self, event: Event, wall_time: float | None = None) -> None:
        event.wall_time = time.time() if wall_time is None else wall_time
        self._stream.write(record(event.SerializeToString()))
