"""Tuning: what each arm's search tried and chose."""

from __future__ import annotations

from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.tuning import ArmTuning, TrialSummary, Tuning
from ablations.analysis.show import formats
from ablations.analysis.show.blocks import Cell, Column, Section, Table, number_columns
from ablations.analysis.show.figures.tuning import tuning_curves
from ablations.study.metrics import Metric
from ablations.study.settings import short_value

MOST_TRIALS = 10  # columns that a table has room for


def tuning(inference: Inference) -> Section | None:
    """Return the searches: the curves, and one arm a row with its choice and its trials.

    None where no arm is searched.
    """
    searches = inference.tuning
    if searches is None or not searches.arms:
        return None
    metric = inference.metric_named(searches.metric)
    return Section("Tuning", (*tuning_curves(inference), tuning_table(searches, metric)))


def tuning_table(searches: Tuning, metric: Metric) -> Table:
    """Return one arm a row with its choice and its trials."""
    trials = searches.trials if len(searches.trials) <= MOST_TRIALS else ()
    columns = (
        Column("arm"),
        *number_columns(*(f"chosen {path}" for path in searches.settings)),
        Column("on the edge"),
        *number_columns(metric.label, "diverged"),
        *number_columns(*(", ".join(map(short_value, values.values())) for values in trials)),
    )
    rows = tuple(_row(arm, searches, metric, bool(trials)) for arm in searches.arms)
    return Table(columns, rows)


def _row(arm: ArmTuning, searches: Tuning, metric: Metric, trials_shown: bool) -> tuple[Cell, ...]:
    values = arm.chosen.values if arm.chosen else {}
    return (
        Cell(arm.arm),
        *(_value_cell(values.get(path)) for path in searches.settings),
        Cell(", ".join(arm.edges.values()) or "no" if arm.chosen else formats.NOTHING),
        _score_cell(arm.chosen, metric),
        Cell(f"{arm.diverged}/{arm.runs}" if arm.diverged else "0", arm.diverged),
        *(_score_cell(trial, metric) for trial in arm.trials if trials_shown),
    )


def _value_cell(value: object) -> Cell:
    if value is None:
        return Cell(formats.NOTHING)
    order = float(value) if isinstance(value, (int, float)) else None
    return Cell(short_value(value), order)


def _score_cell(trial: TrialSummary | None, metric: Metric) -> Cell:
    """Return a trial's mean; one over survivors never stands alone."""
    if trial is None or not trial.scores:
        return Cell(formats.NOTHING)
    diverged = f"{trial.diverged}/{len(trial.scores)} diverged"
    if trial.mean is None:
        return Cell(diverged)
    text = formats.measured(metric, trial.mean)
    return Cell(f"{text} ({diverged})" if trial.diverged else text, trial.mean)
