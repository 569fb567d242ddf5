"""A study that the page looks at: what was read of it, and what that shows."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from ablations.analysis.infer.findings import ArmFindings, findings
from ablations.analysis.infer.inference import Inference, infer
from ablations.analysis.read.collect import Collected, collect
from ablations.analysis.read.histograms import HistogramReader
from ablations.analysis.read.memory import Memory

FRESH_SECONDS = 0.5
"""Requests of one page that come together read the directory once."""
PAUSE = 5
"""A new inference waits for so many times as long as the last one took, that a study of many runs
does not keep a core busy while it trains."""


class OpenStudy:
    """One study, read again where its files have changed; several requests may come at once."""

    def __init__(self, runs: Path, name: str, within: Path) -> None:
        """``within`` is the log directory, out of which no link is followed."""
        self.runs, self.name, self.within = runs, name, within
        self.memory = Memory(within)
        self.histograms = HistogramReader()
        self._lock = threading.RLock()
        self._collected: Collected | None = None
        self._read_at = 0.0
        self._inference: tuple[Collected, Inference] | None = None
        self._findings: tuple[Collected, tuple[ArmFindings, ...]] | None = None
        self._inferred_at = self._took = 0.0

    @property
    def is_alone(self) -> bool:
        """Whether the log directory is this study's own, not that of all."""
        return self.within != self.runs

    @property
    def lock(self) -> threading.RLock:
        """What a request holds while it reads."""
        return self._lock

    def collected(self) -> Collected:
        """Return what is on disk; the same object while nothing that counts has changed.

        Raises:
            AblationsError: the study's record cannot be read.
        """
        if self._collected is None or time.monotonic() - self._read_at > FRESH_SECONDS:
            found = collect(self.runs, self.name, self.memory)
            if self._collected is None or not _shows_the_same(self._collected, found):
                self._collected = found
            self._read_at = time.monotonic()
        return self._collected

    def inference(self) -> tuple[Collected, Inference]:
        """Return what the runs show, layers apart, and the runs that it is from."""
        collected = self.collected()
        if self._inference and (self._inference[0] is collected or self._is_too_soon()):
            return self._inference
        started = time.monotonic()
        self._inference = collected, infer(collected, layers=False)
        self._inferred_at = time.monotonic()
        self._took = self._inferred_at - started
        return self._inference

    def findings(self) -> tuple[ArmFindings, ...]:
        """Return what the layers of each arm's runs show."""
        collected = self.collected()
        if self._findings is None or self._findings[0] is not collected:
            self._findings = collected, findings(collected)
        return self._findings[1]

    def _is_too_soon(self) -> bool:
        return time.monotonic() - self._inferred_at < PAUSE * self._took


def _shows_the_same(one: Collected, other: Collected) -> bool:
    """Whether two readings hold the same runs; what is not finished is looked at each time."""
    return (
        one.study is other.study
        and _are_the_same(one.runs, other.runs)
        and len(one.standings) == len(other.standings)
        and all(
            a is b or (a.state, a.reason) == (b.state, b.reason)
            for a, b in zip(
                (*one.standings, *one.trials), (*other.standings, *other.trials), strict=True
            )
        )
        and one.left_out == other.left_out
        and one.looks == other.looks
    )


def _are_the_same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
