"""How soon the runs of an arm reach a target, and what share of them does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ablations.analysis.infer.curves import ArmHistories, curve
from ablations.analysis.read.collect import Collected, completed
from ablations.ledger.records import Epoch

TARGET_KEY = "validation_accuracy"
BELOW_THE_CONTROL = 0.01


@dataclass(frozen=True)
class Target:
    """A validation accuracy to be reached."""

    value: float
    stated: bool
    """By the study; else it is a point below where the control's mean ends."""


@dataclass(frozen=True)
class Reach:
    """When the runs of one arm first reach the target."""

    arm: str
    runs: int
    """Runs that count, but for those whose history is torn."""
    reached: int
    epochs: float | None
    """Median over all runs, one that never reaches the target counting as later than all others;
    None where half of them or more never do."""
    updates: float | None


def target(collected: Collected, histories: Sequence[ArmHistories]) -> Target | None:
    """Return the study's target, or else a point below the control's mean at its last epoch."""
    if collected.study.target is not None:
        return Target(collected.study.target, stated=True)
    for one in histories:
        if one.arm == collected.study.control:
            drawn = curve(one.histories, TARGET_KEY)
            end = drawn.means[-1] - BELOW_THE_CONTROL if drawn else 0.0
            return Target(end, stated=False) if end > 0 else None
    return None


def reaches(
    collected: Collected, histories: Sequence[ArmHistories], goal: Target
) -> tuple[Reach, ...]:
    """Return a line for each arm; a run that diverged has not reached the target."""
    return tuple(_reach(collected, one, goal.value) for one in histories)


def _reach(collected: Collected, one: ArmHistories, value: float) -> Reach:
    runs = collected.of_arm(one.arm)
    diverged = len(runs) - len(completed(runs))
    first = [_first(history, value) for history in one.histories]
    missed = (math.inf, math.inf)
    lines = [missed if line is None else line for line in first] + diverged * [missed]
    return Reach(
        one.arm,
        len(lines),
        sum(line is not None for line in first),
        _finite_median([epoch for epoch, _ in lines]),
        _finite_median([updates for _, updates in lines]),
    )


def _first(history: Sequence[Epoch], value: float) -> tuple[float, float] | None:
    for line in history:
        reached = line.get(TARGET_KEY)
        if reached is not None and reached >= value:
            return line["epoch"] or 0, line.get("updates") or 0
    return None


def _finite_median(values: Sequence[float]) -> float | None:
    middle = median(values) if values else math.inf
    return middle if math.isfinite(middle) else None
