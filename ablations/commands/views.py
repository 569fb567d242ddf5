"""How the progress of a session is shown: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ablations.execution.underway import Underway, shown
from ablations.study.metrics import epoch_metric

MOST_ROWS = 16
"""Runs that have a row of their own; a terminal is not high."""


class View(Protocol):
    """Shows how far a session is; called by one thread at a time."""

    def start(self) -> None:
        """Begin."""
        ...

    def update(self, done: int, underway: Sequence[Underway]) -> None:
        """Show how many runs are done, and how far those have come that are being trained."""
        ...

    def stop(self) -> None:
        """End."""
        ...


class PlainLines:
    """A line a run now and then: after 3, 10 and 30 seconds, and then every minute.

    With many workers less often, so that there is one line in five seconds at most.
    """

    FIRST = (3.0, 10.0, 30.0)
    EVERY, BETWEEN_LINES = 60.0, 5.0

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said: dict[str, tuple[int, object]] = {}

    def start(self) -> None:
        """Nothing is to be done."""

    def stop(self) -> None:
        """Nothing is to be done."""

    def update(self, done: int, underway: Sequence[Underway]) -> None:
        """Say how far each run has come whose time it is, where that is news."""
        for each in underway:
            times, before = self._said.get(each.name, (0, None))
            if each.last is not None and each.seconds >= self._due(times, len(underway)):
                if each.last != before:
                    self._say(f"{each.name}: {described(each)}")
                self._said[each.name] = (self._times(each.seconds, len(underway)), each.last)

    def _due(self, times: int, workers: int) -> float:
        """Return after how many seconds a run is spoken of for the next time."""
        if times < len(self.FIRST):
            return self.FIRST[times]
        return self.FIRST[-1] + (times - len(self.FIRST) + 1) * self._every(workers)

    def _times(self, seconds: float, workers: int) -> int:
        """Return how often a run of so many seconds is spoken of."""
        times = 0
        while self._due(times, workers) <= seconds:
            times += 1
        return times

    def _every(self, workers: int) -> float:
        return max(self.EVERY, workers * self.BETWEEN_LINES)


class Bars:
    """A live bar for the session, and one for each run that is being trained."""

    def __init__(self, total: int, console: Console) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _TimeLeft(elapsed_when_finished=True),
            TextColumn("{task.fields[told]}"),
            console=console,
        )
        self._whole = self._bar.add_task("training", total=total, told="")
        self._rows: dict[str, TaskID] = {}

    def start(self) -> None:
        """Show the bars."""
        self._bar.start()

    def stop(self) -> None:
        """Leave the session's bar as it is."""
        for row in self._rows.values():
            self._bar.remove_task(row)
        self._bar.stop()

    def update(self, done: int, underway: Sequence[Underway]) -> None:
        """Move the bars."""
        self._bar.update(self._whole, completed=done + sum(each.share for each in underway))
        names = {each.name for each in underway[:MOST_ROWS]}
        for name in self._rows.keys() - names:
            self._bar.remove_task(self._rows.pop(name))
        for each in underway[:MOST_ROWS]:
            if each.name not in self._rows:
                title = escape(each.name.partition("/")[2])
                self._rows[each.name] = self._bar.add_task(
                    title, total=each.epochs, told="", left=""
                )
            told, left = escape(", ".join(_numbers(each))), ", ".join(_left(each))
            row = self._rows[each.name]
            self._bar.update(row, completed=each.epoch or 0, told=told, left=left)


class _TimeLeft(TimeRemainingColumn):
    """What a row's run has left, at the pace of this training, and the session at that of all."""

    def render(self, task: Task) -> Text:
        """Return a text, empty where nothing is known yet."""
        return Text(task.fields["left"]) if "left" in task.fields else super().render(task)


def described(underway: Underway) -> str:
    """Return how far a run has come: ``epoch 3 of 9, training loss 0.1, 2 min left``."""
    return ", ".join(
        [_place(underway), *_numbers(underway), *_left(underway)] if underway.last else ["begun"]
    )


def _place(underway: Underway) -> str:
    if underway.epoch is not None:
        return f"epoch {underway.epoch}" + (f" of {underway.epochs}" if underway.epochs else "")
    step = underway.last.get("step") if underway.last else None
    return "begun" if step is None else f"step {step:g}"


def _numbers(underway: Underway) -> list[str]:
    return [_number(name, value) for name, value in shown(underway.last or {})]


def _number(name: str, value: float) -> str:
    metric = epoch_metric(name)
    is_share = metric is not None and metric.percent and abs(value) <= 1
    text = f"{value:.2%}" if is_share else f"{value:.4g}"
    return f"{metric.label if metric else name.replace('_', ' ')} {text}"


def _left(underway: Underway) -> list[str]:
    seconds = underway.seconds_left
    return [] if seconds is None else [f"{duration(seconds)} left"]


def duration(seconds: float) -> str:
    """Show a time: ``40 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
