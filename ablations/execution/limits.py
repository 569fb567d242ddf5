"""End what hangs: the clock of one run, which its worker's parent reads.

A sign of life is a change of the run's ``metrics.jsonl``, to which each epoch adds a line.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from ablations.errors import AblationsError
from ablations.execution.options import Options
from ablations.files import stamp_of

EPOCH_SECONDS = 12 * 3600.0
"""The default from one sign of life to the next.  An epoch takes seconds or minutes here: half a
day leaves room for one of a model a thousand times as large, and a hang costs a night only."""
START_SECONDS = 600.0
"""What a worker's start may take, which is no run's: the import of TensorFlow takes seconds."""
LONGEST_WAIT = 60.0
SHORTEST_WAIT = 0.05


@dataclass(frozen=True)
class Limits:
    """How long a run may take, in seconds."""

    run: float | None = None
    """From its beginning to its result; None is no limit."""
    epoch: float | None = None
    """Without a sign of life: until the first epoch has ended, between two, after the last one.
    None is ``EPOCH_SECONDS``."""

    @classmethod
    def of(cls, options: Options) -> Limits:
        """Return the limits that the options name.

        Raises:
            AblationsError: one is no number of seconds.
        """
        given = {"--run-limit": options.run_limit, "--epoch-limit": options.epoch_limit}
        for option, seconds in given.items():
            if seconds is not None and not seconds > 0:  # nor is NaN
                raise AblationsError(f"{option} {seconds:g}: wants seconds, more than 0")
        return cls(options.run_limit, options.epoch_limit)


class Clock:
    """Tells when one run has taken too long; its worker's start is not of it."""

    def __init__(self, limits: Limits, metrics: Path) -> None:
        self._limits, self._metrics = limits, metrics
        self._submitted = time.monotonic()
        self._began: float | None = None
        self._alive, self._stamp = self._submitted, stamp_of(metrics)

    def begin(self) -> None:
        """Count from now, if not yet: the worker is there."""
        if self._began is None:
            self._began = self._alive = time.monotonic()

    def over(self) -> str:
        """Look for a sign of life; return which limit is over, as a reason, empty while none is."""
        now, run = time.monotonic(), self._limits.run
        if self._began is None:
            late = now - self._submitted > START_SECONDS
            return f"its worker did not start within {START_SECONDS:g} s" if late else ""
        stamp = stamp_of(self._metrics)
        if stamp != self._stamp:
            self._stamp, self._alive = stamp, now
        if run is not None and now - self._began > run:
            return f"not finished within --run-limit {run:g} (seconds)"
        if now - self._alive > self._epoch:
            default = "" if self._limits.epoch else ", the default"
            return f"no epoch ended within --epoch-limit {self._epoch:g} (seconds{default})"
        return ""

    @property
    def seconds_to_wait(self) -> float:
        """After how long to look again: late by a twentieth of a limit at most."""
        shortest = min(self._epoch, self._limits.run or self._epoch, START_SECONDS)
        return min(max(shortest / 20, SHORTEST_WAIT), LONGEST_WAIT)

    @property
    def _epoch(self) -> float:
        return self._limits.epoch or EPOCH_SECONDS
