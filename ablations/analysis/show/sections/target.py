"""Time to a target: how soon each arm reaches a validation score, and how many runs do."""

from __future__ import annotations

from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.targets import Target, TimeToTarget
from ablations.analysis.show import formats
from ablations.analysis.show.blocks import Cell, Column, Section, Table, notes, number_columns
from ablations.analysis.show.comparisons import arm_cell
from ablations.study.scores import PERCENT


def target(inference: Inference) -> Section | None:
    """Return a row for each arm; nothing where there is no target."""
    reached = inference.target
    if reached is None:
        return None
    columns = (
        Column("arm"),
        *number_columns("runs that reach it", "epochs, median", "updates, median"),
    )
    rows = tuple(
        (
            arm_cell(arm.arm, arm.arm == inference.control),
            Cell(f"{arm.reached}/{arm.runs}", arm.share),
            Cell(f"{arm.epochs:g}" if arm.epochs else _never(arm), arm.epochs),
            Cell(formats.count(arm.updates), arm.updates),
        )
        for arm in reached.arms
    )
    table = Table(columns, rows, sortable=True)
    return Section("Time to a target", (table, *notes((_how_to_read(reached, inference),))))


def _never(arm: TimeToTarget) -> str:
    return "not by half" if arm.runs else formats.NOTHING


def _how_to_read(reached: Target, inference: Inference) -> str:
    """Return what the target is, and what the medians count."""
    stated = "the study's target"
    origin = stated if reached.stated else "a point below where the control's mean ends"
    metric = inference.logged(reached.metric)
    assert metric is not None
    value = f"{reached.value:g}"
    if metric.percent or metric.unit == PERCENT:
        value = formats.measured(inference.metric_named(reached.metric), reached.value)
    beyond = "more" if metric.better == "higher" else "less"
    return (
        f"The first epoch with a {metric.label} of {value} or {beyond}, "
        f"{origin}. The median is over all runs; one that never gets there, or diverged, counts as "
        "later than all that do."
    )
