"""Which settings vary between the arms of a study."""

from __future__ import annotations

from collections.abc import Iterable

from ablations.study.expand import Run
from ablations.study.schema import TUNING, Study, TuningTrial
from ablations.study.settings import flatten, name_the_absent, short

Setting = str | float | bool
PHASE = "phase"
"""In a tuned study, what tells a trial from a run of the comparison."""
COMPARISON = "comparison"


def varied_settings(study: Study) -> dict[str, dict[str, Setting]]:
    """Return dotted path → arm → value, for the settings that are not the same in all runs.

    A technique that an arm does without is called ``none``; a parameter that an arm's technique
    lacks is left out.
    """
    flats = name_the_absent([flatten(arm.recipe.without_telemetry()) for arm in study.arms])
    flat = dict(zip(study.arm_names, flats, strict=True))
    paths = dict.fromkeys(path for settings in flats for path in settings)
    tried = tried_settings(study)
    varied = [p for p in paths if p in tried or len({short(s.get(p)) for s in flat.values()}) > 1]
    return {
        path: {arm: _setting(s[path]) for arm, s in flat.items() if path in s} for path in varied
    }


def run_settings(study: Study, runs: Iterable[Run]) -> list[dict[str, Setting]]:
    """Return what tells each run from others, dotted path → value: its arm's, its trial's."""
    varied = varied_settings(study)
    tried = {trial.name: of_trial(trial) for trial in study.tune.trials} if study.tune else {}

    def settings(run: Run) -> dict[str, Setting]:
        phase: dict[str, Setting] = {PHASE: TUNING if run.trial else COMPARISON} if tried else {}
        of_arm = {path: values[run.arm] for path, values in varied.items() if run.arm in values}
        return phase | of_arm | tried.get(run.trial, {})

    return [settings(run) for run in runs]


def tried_settings(study: Study) -> dict[str, list[Setting]]:
    """Return dotted path → the values that the study's search tries; empty without a search."""
    tried: dict[str, list[Setting]] = {}
    for trial in study.tune.trials if study.tune else ():
        for path, value in of_trial(trial).items():
            tried.setdefault(path, []).append(value)
    return tried


def of_trial(trial: TuningTrial) -> dict[str, Setting]:
    """Return what a trial sets: dotted path → value."""
    return {path: _setting(value) for path, value in flatten(trial.values).items()}


def _setting(value: object) -> Setting:
    return value if isinstance(value, (bool, int, float)) else short(value)
