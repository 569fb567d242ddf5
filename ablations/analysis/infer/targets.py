"""How soon the runs of an arm reach a target, and what share of them does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ablations.analysis.infer.curves import ArmCurves, ArmHistories
from ablations.ledger.records import Epoch
from ablations.study.metrics import logged_metric
from ablations.study.schema import Study
from ablations.study.scores import PERCENT

A_POINT = 0.01  # of a share


@dataclass(frozen=True)
class TimeToTarget:
    """When the runs of one arm first reach the target."""

    arm: str
    runs: int
    """Runs that count, but for those whose history is incomplete."""
    reached: int
    epochs: float | None
    """Median over all runs, one that never reaches the target counting as later than all others;
    None where half of them or more never do."""
    updates: float | None

    @property
    def share(self) -> float | None:
        """The share of the runs that reach the target; None without runs."""
        return self.reached / self.runs if self.runs else None


@dataclass(frozen=True)
class Target:
    """A value of a validation metric to be reached, and how soon each arm reaches it."""

    value: float
    stated: bool
    """By the study; else it is a point below where the control's mean ends."""
    arms: tuple[TimeToTarget, ...]
    metric: str = "validation_accuracy"
    """Or what the task has in its place."""


def time_to_target(
    study: Study, histories: Sequence[ArmHistories], curves: Mapping[str, ArmCurves]
) -> Target | None:
    """Return how soon each arm reaches the study's target, or else one that the control sets.

    That is a point below the control's mean accuracy at its last epoch; of what is no share, none.
    A run that diverged has not reached the target.  None where there is no target.
    """
    value, name = study.target, f"validation_{study.score}"
    metric = logged_metric(name, study.known_metrics)
    control = curves.get(study.control)
    point = A_POINT if metric and metric.percent else None
    if metric and metric.unit == PERCENT:
        point = 100 * A_POINT
    curve = control.curves.get(name) if control and point else None
    if value is None and curve and point and curve.means[-1] > point:
        value = curve.means[-1] - point
    if value is None:
        return None
    sign = 1 if metric and metric.better == "higher" else -1
    times = tuple(_time(arm, name, value, sign) for arm in histories)
    return Target(value, study.target is not None, times, name)


def _time(arm: ArmHistories, name: str, value: float, sign: int) -> TimeToTarget:
    first = [_first_epoch(history, name, value, sign) for history in arm.histories]
    never = (math.inf, math.inf)
    times = [never if time is None else time for time in first] + arm.diverged * [never]
    return TimeToTarget(
        arm.arm,
        len(times),
        sum(time is not None for time in first),
        _finite_median([epochs for epochs, _ in times]),
        _finite_median([updates for _, updates in times]),
    )


def _first_epoch(
    history: Sequence[Epoch], name: str, value: float, sign: int
) -> tuple[float, float] | None:
    for line in history:
        reached = line.get(name)
        if reached is not None and sign * reached >= sign * value:
            return line["epoch"] or 0, line.get("updates") or 0
    return None


def _finite_median(values: Sequence[float]) -> float | None:
    middle = median(values) if values else math.inf
    return middle if math.isfinite(middle) else None
