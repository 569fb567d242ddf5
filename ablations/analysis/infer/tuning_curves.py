"""Tuning curves: how each arm's score follows a tuned setting, the others held at their best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ablations.analysis.infer.intervals import Interval
from ablations.analysis.infer.tuning import ArmTuning, TrialSummary, Tuning


@dataclass(frozen=True)
class TuningPoint:
    """One value of the setting."""

    value: Any
    mean: float | None
    """Of the tuning's metric over the seeds that did not diverge; None where all did."""
    interval: Interval | None
    """Student's 95% interval of the mean; None where n < 2."""
    runs: int
    diverged: int
    chosen: bool
    """Whether the arm is compared at this trial."""


@dataclass(frozen=True)
class ArmTuningCurve:
    """One arm's points, by value where these are numbers, else in the order tried."""

    arm: str
    points: tuple[TuningPoint, ...]


@dataclass(frozen=True)
class TuningCurve:
    """One tuned setting, for every arm that is searched."""

    setting: str
    """Dotted path."""
    slice: bool
    """Whether the other tuned settings are held at the arm's chosen values; else points differ in
    them too, as a random search tries no two trials that differ in one setting alone."""
    logarithmic: bool
    """Whether the values are positive and span a factor of ten or more."""
    arms: tuple[ArmTuningCurve, ...]


def tuning_curves(tuning: Tuning | None) -> tuple[TuningCurve, ...]:
    """Return a curve for each tuned setting; none where nothing is tuned, or nothing has a run."""
    if tuning is None or not any(arm.runs for arm in tuning.arms):
        return ()
    return tuple(_curve(tuning, setting) for setting in tuning.settings)


def _curve(tuning: Tuning, setting: str) -> TuningCurve:
    values = [trial[setting] for trial in tuning.trials]
    numeric = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
    held = tuning.search == "grid" or len(tuning.settings) == 1
    arms = []
    for arm in tuning.arms:
        trials = [trial for trial in _along(arm, setting, held) if trial.scores]
        if numeric:
            trials.sort(key=lambda trial: float(trial.values[setting]))
        points = tuple(_point(trial, trial.values[setting], arm.chosen) for trial in trials)
        arms.append(ArmTuningCurve(arm.arm, points))
    logarithmic = numeric and min(values) > 0 and max(values) >= 10 * min(values)
    return TuningCurve(setting, held, logarithmic, tuple(arms))


def _along(arm: ArmTuning, setting: str, held: bool) -> Sequence[TrialSummary]:
    """Return the trials that differ from the chosen one in this setting alone."""
    if not held or len(arm.trials[0].values) == 1:
        return arm.trials
    if arm.chosen is None:
        return ()
    others = {path: value for path, value in arm.chosen.values.items() if path != setting}
    return [trial for trial in arm.trials if others.items() <= trial.values.items()]


def _point(trial: TrialSummary, value: Any, chosen: TrialSummary | None) -> TuningPoint:
    is_chosen = chosen is not None and trial.values == chosen.values
    runs = len(trial.scores)
    return TuningPoint(value, trial.mean, trial.interval, runs, trial.diverged, is_chosen)
