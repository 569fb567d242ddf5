"""Show a session as it goes: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ablations.commands.lines import Lines
from ablations.execution.worker import Outcome
from ablations.ledger.records import Result
from ablations.study.metrics import Metric


class ProgressDisplay:
    """Counts outcomes and prints a line for each."""

    def __init__(self, total: int, metric: Metric, lines: Lines) -> None:
        self.total, self.metric, self.lines = total, metric, lines
        self.counts: dict[str, int] = {}
        self._started = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=lines.console,
            disable=lines.quiet or not lines.console.is_terminal,
        )
        self._task = self._bar.add_task("training", total=total)

    def __enter__(self) -> ProgressDisplay:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def show(self, outcome: Outcome) -> None:
        """Print what became of one run."""
        result = outcome.result
        status = result.status if result else "running elsewhere"
        self.counts[status] = self.counts.get(status, 0) + 1
        self._bar.advance(self._task)
        done = sum(self.counts.values())
        say = self.lines.say if status == "failed" else self.lines.detail
        say(f"[{done}/{self.total}] {outcome.job}: {self._say(outcome)}")

    def _say(self, outcome: Outcome) -> str:
        result = outcome.result
        if result is None:
            return "is being trained by another process"
        if result.status != "completed":
            return "; ".join([f"{result.status}: {result.reason}", *result.notes])
        seconds = result.seconds.get("total", 0.0)
        epochs = "1 epoch" if result.epochs == 1 else f"{result.epochs} epochs"
        line = f"{self._score(result)}, {epochs}, {seconds:.1f} s"
        return "; ".join([line, *result.notes])

    def _score(self, result: Result) -> str:
        """Return the metric and its value, which a run may lack: dead units under ELU, say."""
        value = result.value(self.metric.name)
        if value is None:
            return f"no {self.metric.label}"
        return f"{self.metric.label} {value:{'.2%' if self.metric.percent else '.4g'}}"

    def summary(self) -> str:
        """Return the closing line."""
        counts = ", ".join(f"{count} {status}" for status, count in sorted(self.counts.items()))
        return f"{counts or 'nothing to train'} in {time.monotonic() - self._started:.0f} s"
