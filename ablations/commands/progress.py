"""Follow a session: count what ends, and look now and then at how far the other runs are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from ablations.analysis.show.formats import measured
from ablations.commands.lines import Lines
from ablations.execution.underway import Observer
from ablations.execution.worker import Job, Outcome
from ablations.ledger.records import Result
from ablations.study.metrics import Metric
from ablations.study.scores import PERCENT

SECONDS_BETWEEN_LOOKS = 1.0


class ProgressDisplay:
    """Counts outcomes, prints a line for each, and shows what is being trained meanwhile."""

    def __init__(
        self,
        total: int,
        metric: Metric,
        lines: Lines,
        training: Callable[[], Sequence[Job]] = tuple,
    ) -> None:
        """``training`` returns the jobs that are being trained now; it is called in a thread."""
        self.total, self.metric, self.lines = total, metric, lines
        self.counts: dict[str, int] = {}
        self._started = time.monotonic()
        self._training, self._observer = training, Observer()
        self._views = lines.views(total) if total else []
        self._over, self._turn = threading.Event(), threading.Lock()
        self._watcher = threading.Thread(target=self._watch, name="progress", daemon=True)

    def __enter__(self) -> ProgressDisplay:
        for view in self._views:
            view.start()
        self._watcher.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._watcher.join()
        for view in self._views:
            view.stop()

    def _watch(self) -> None:
        while not self._over.wait(SECONDS_BETWEEN_LOOKS):
            self._update()

    def _update(self) -> None:
        with self._turn:
            underway = self._observer.look(self._training())
            for view in self._views:
                view.update(sum(self.counts.values()), underway)

    def show(self, outcome: Outcome) -> None:
        """Print what became of one run."""
        result = outcome.result
        state = result.status if result else "running"
        status = f"{state} elsewhere" if outcome.elsewhere else state
        self.counts[status] = self.counts.get(status, 0) + 1
        done = sum(self.counts.values())
        say = self.lines.say if status.startswith("failed") else self.lines.detail
        whose = "by another process: " if outcome.elsewhere and result else ""
        say(f"[{done}/{self.total}] {outcome.job}: {whose}{self._say(outcome)}")
        if self.lines.is_live:
            self._update()

    def _say(self, outcome: Outcome) -> str:
        result = outcome.result
        if result is None:
            return "is being trained by another process"
        if result.status != "completed":
            return "; ".join([f"{result.status}: {result.reason}", *result.notes])
        seconds = result.seconds.get("total", 0.0)
        epochs = "1 epoch" if result.epochs == 1 else f"{result.epochs} epochs"
        parts = [self._score(result), *([epochs] if result.updates else []), f"{seconds:.1f} s"]
        return "; ".join([", ".join(parts), *result.notes])

    def _score(self, result: Result) -> str:
        """Return the metric and its value, which a run may lack: dead units under ELU, say."""
        value = result.value(self.metric.name)
        if value is None:
            return f"no {self.metric.label}"
        percentage = self.metric.percent or self.metric.unit == PERCENT
        shown = measured(self.metric, value) if percentage else f"{value:.4g}"
        return f"{self.metric.label} {shown}"

    def summary(self) -> str:
        """Return the closing line."""
        counts = ", ".join(f"{count} {status}" for status, count in sorted(self.counts.items()))
        return f"{counts or 'nothing to train'} in {time.monotonic() - self._started:.0f} s"
