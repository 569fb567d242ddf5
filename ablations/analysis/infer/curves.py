"""Learning curves: the mean over an arm's seeds at each epoch, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ablations.analysis.infer.statistics import Interval, mean, t_interval
from ablations.analysis.read.collect import Collected, Run, completed
from ablations.ledger.records import Epoch


@dataclass(frozen=True)
class Curve:
    """One arm's mean of one metric over its seeds."""

    epochs: tuple[int, ...]
    means: tuple[float, ...]
    intervals: tuple[Interval | None, ...]
    """Student's 95% interval of the mean at each epoch; None where n < 2."""
    n: int
    """Runs in the mean, the same at every epoch."""


@dataclass(frozen=True)
class ArmHistories:
    """The epochs of an arm's completed runs."""

    arm: str
    histories: tuple[tuple[Epoch, ...], ...]
    runs: int
    """Runs that count, the diverged ones among them."""
    torn: tuple[int, ...]
    """Seeds whose ``metrics.jsonl`` holds fewer epochs than their result; not in the curves."""


def read_histories(collected: Collected, arm: str) -> ArmHistories:
    """Read the epochs of the completed runs of ``arm``."""
    runs = collected.of_arm(arm)
    whole: list[tuple[Epoch, ...]] = []
    torn: list[int] = []
    for run in completed(runs):
        history = _whole_history(run)
        if history is None:
            torn.append(run.seed)
        else:
            whole.append(history)
    return ArmHistories(arm, tuple(whole), len(runs), tuple(torn))


def _whole_history(run: Run) -> tuple[Epoch, ...] | None:
    by_epoch = {epoch["epoch"]: epoch for epoch in run.history()}  # a resumed epoch stands twice
    return tuple(by_epoch.values()) if by_epoch and len(by_epoch) >= run.result.epochs else None


def curve(histories: Sequence[Sequence[Epoch]], key: str) -> Curve | None:
    """Average ``key`` over the histories, at the epochs where each of them has a number.

    A later epoch that only some runs reached is not drawn: its mean would be over survivors.
    """
    by_run = [_numbers(history, key) for history in histories]
    epochs = sorted(set.intersection(*map(set, by_run))) if by_run else []
    if not epochs:
        return None
    columns = [[values[epoch] for values in by_run] for epoch in epochs]
    return Curve(
        tuple(epochs),
        tuple(mean(column) for column in columns),
        tuple(t_interval(column) for column in columns),
        len(by_run),
    )


def _numbers(history: Sequence[Epoch], key: str) -> dict[int, float]:
    """Return epoch → finite number of ``key``."""
    found: dict[int, float] = {}
    for line in history:
        epoch, value = line["epoch"], line.get(key)
        if isinstance(epoch, int) and isinstance(value, (int, float)) and math.isfinite(value):
            found[epoch] = float(value)
    return found
