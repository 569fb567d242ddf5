"""What a command appends to its ``metrics.jsonl``: each line to TensorBoard, and what is no use."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from ablations.ledger.lines import LineError, parsed_line
from ablations.telemetry.run_events import RunEvents
from ablations.training.trainers.program.final_metrics import number_in


class _Told:
    """How often something was met, and what it was the first time."""

    count, first = 0, ""

    def add(self, what: str) -> None:
        self.count, self.first = self.count + 1, self.first or what


class FollowedLog:
    """The log of one run, read as it grows."""

    def __init__(self, path: Path) -> None:
        self._path, self._read, self._torn = path, 0, b""
        self._lines = 0
        self._unreadable, self._not_finite = _Told(), _Told()

    def follow(self, events: RunEvents) -> None:
        """Record each new line."""
        try:
            if not self._path.is_file():  # a pipe could be read for ever
                return
            with self._path.open("rb") as stream:
                stream.seek(self._read)
                added = stream.read()
        except OSError:
            return
        self._read += len(added)
        *lines, self._torn = (self._torn + added).split(b"\n")
        for line in lines:
            self._lines += 1
            try:
                epoch = parsed_line(line)
            except LineError as error:
                self._unreadable.add(f"line {self._lines}: {error}")
                continue
            step = epoch["epoch"]
            numbers = ((k, number_in(v)) for k, v in epoch.items() if k != "epoch")
            scalars = {name: value for name, value in numbers if value is not None}
            events.write_own(step, scalars)
            if wrong := [name for name, value in scalars.items() if not math.isfinite(value)]:
                self._not_finite.add(f"{wrong[0]} is {scalars[wrong[0]]:g} at step {step}")

    def notes(self) -> Iterator[str]:
        """Yield what of it no curve shows; once the program has ended."""
        if self._torn:
            self._lines, self._torn = self._lines + 1, b""
            self._unreadable.add(f"line {self._lines}: does not end")
        name, unreadable, not_finite = self._path.name, self._unreadable, self._not_finite
        if unreadable.count:
            yield (
                f"{name}: {unreadable.count} of {self._lines} lines cannot be read; the curves end "
                f"before the first of them, {unreadable.first}"
            )
        if not_finite.count:
            of = f"{not_finite.count} of {self._lines} lines"
            yield f"{name}: {of} have a value that is not finite, first {not_finite.first}"
