"""Learning curves: the mean over an arm's seeds at each epoch, with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ablations.analysis.infer.intervals import Interval, student_interval
from ablations.analysis.infer.summary import summarize
from ablations.analysis.read.collect import Collected, RecordedRun, completed
from ablations.ledger.lines import by_step
from ablations.ledger.records import Epoch


@dataclass(frozen=True)
class LearningCurve:
    """One arm's mean of one logged metric over its seeds."""

    epochs: tuple[int, ...]
    means: tuple[float, ...]
    intervals: tuple[Interval | None, ...]
    """Student's 95% interval of the mean at each epoch; None where n < 2."""
    n: int
    """Runs in the mean, the same at every epoch."""


@dataclass(frozen=True)
class ArmCurves:
    """The learning curves of one arm."""

    arm: str
    runs: int
    """Runs that count, the diverged ones among them."""
    incomplete: tuple[int, ...]
    """Seeds whose ``metrics.jsonl`` holds fewer epochs than their result; not in the curves."""
    lengths: tuple[int, int]
    """The last epoch of the run that ended first, and of the one that ended last; 0 for none."""
    curves: Mapping[str, LearningCurve]
    """Key of ``metrics.jsonl`` → its curve, ``updates`` and ``seconds`` among them."""


@dataclass(frozen=True)
class ArmHistories:
    """The epochs of an arm's completed runs, one history per run."""

    arm: str
    histories: tuple[tuple[Epoch, ...], ...]
    seeds: tuple[int, ...]
    """Of each history."""
    runs: int
    """Runs that count, the diverged ones among them."""
    diverged: int
    incomplete: tuple[int, ...]
    """Seeds whose ``metrics.jsonl`` holds fewer epochs than their result."""


def read_histories(collected: Collected, arm: str) -> ArmHistories:
    """Read the epochs of the completed runs of ``arm``."""
    runs = collected.of_arm(arm)
    finished = completed(runs)
    histories = {run.seed: _history(run) for run in finished}
    whole = {seed: history for seed, history in histories.items() if history is not None}
    incomplete = tuple(seed for seed, history in histories.items() if history is None)
    diverged = len(runs) - len(finished)
    return ArmHistories(arm, tuple(whole.values()), tuple(whole), len(runs), diverged, incomplete)


def _history(run: RecordedRun) -> tuple[Epoch, ...] | None:
    lines = run.history()
    whole = lines and len({line["epoch"] for line in lines}) >= run.result.epochs
    return tuple(by_step(lines).values()) if whole else None


def arm_curves(histories: ArmHistories) -> ArmCurves:
    """Return the curve of every metric that all runs of an arm logged."""
    keys = dict.fromkeys(
        key for history in histories.histories for line in history for key in line if key != "epoch"
    )
    curves = {key: learning_curve(histories.histories, key) for key in keys}
    last = [int(history[-1]["epoch"] or 0) for history in histories.histories] or [0]
    return ArmCurves(
        histories.arm,
        histories.runs,
        histories.incomplete,
        (min(last), max(last)),
        {key: curve for key, curve in curves.items() if curve is not None},
    )


def learning_curve(histories: Sequence[Sequence[Epoch]], key: str) -> LearningCurve | None:
    """Average ``key`` over the histories, at the epochs where each of them has a number.

    A later epoch that only some runs reached is not in it: its mean would be over survivors.
    """
    by_run = [_numbers(history, key) for history in histories]
    epochs = sorted(set.intersection(*map(set, by_run))) if by_run else []
    if not epochs:
        return None
    summaries = [summarize([values[epoch] for values in by_run]) for epoch in epochs]
    return LearningCurve(
        tuple(epochs),
        tuple(summary.mean for summary in summaries if summary.mean is not None),  # n > 0: all
        tuple(map(student_interval, summaries)),
        len(by_run),
    )


def _numbers(history: Sequence[Epoch], key: str) -> dict[int, float]:
    """Return epoch → finite number of ``key``."""
    numbers: dict[int, float] = {}
    for line in history:
        epoch, value = line["epoch"], line.get(key)
        if isinstance(epoch, int) and isinstance(value, (int, float)) and math.isfinite(value):
            numbers[epoch] = float(value)
    return numbers
