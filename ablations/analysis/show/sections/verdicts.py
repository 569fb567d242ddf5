"""Verdicts: each arm against the control."""

from __future__ import annotations

from collections.abc import Iterator

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.inference import Inference
from ablations.analysis.show import formats
from ablations.analysis.show.blocks import Cell, Column, Section, Table, notes, number_columns
from ablations.analysis.show.comparisons import (
    arm_cell,
    comparison_notes,
    effect_cells,
    effect_title,
    mean_cell,
    verdict_cell,
)
from ablations.analysis.show.fairness import fairness_sentence
from ablations.study.metrics import METRICS


def verdicts(inference: Inference) -> Section:
    """Return the table of verdicts, and how to read it."""
    return Section("Verdicts", (verdict_table(inference), *notes(tuple(_notes(inference)))))


def verdict_table(inference: Inference) -> Table:
    """Return the verdicts: one arm a row, the control marked."""
    metric = METRICS[inference.metric]
    columns = (
        Column("arm"),
        Column("verdict"),
        *number_columns(f"{metric.label}, mean", effect_title(metric), "95% interval"),
        *number_columns("corrected p", "n", "diverged", "parameters", "updates", "training (s)"),
    )
    rows = tuple(_row(arm, inference) for arm in inference.arms)
    return Table(columns, rows, sortable=True)


def _row(arm: ArmSummary, inference: Inference) -> tuple[Cell, ...]:
    metric = METRICS[inference.metric]
    return (
        arm_cell(arm.arm, arm.is_control),
        verdict_cell(arm),
        mean_cell(arm.score, arm.divergence.runs, metric),
        *effect_cells(arm.comparison, metric, len(inference.seeds)),
        Cell(formats.diverged(arm.divergence), arm.divergence.diverged),
        Cell(formats.count(arm.parameters), arm.parameters),
        Cell(formats.count(arm.updates), arm.updates),
        Cell(formats.number(arm.train_seconds, 3), arm.train_seconds),
    )


def _notes(inference: Inference) -> Iterator[str]:
    comparisons = {arm.arm: arm.comparison for arm in inference.arms if arm.comparison}
    yield fairness_sentence(inference)
    yield _how_to_read(inference, len(comparisons))
    yield from comparison_notes(comparisons, METRICS[inference.metric])
    control = inference.control_arm()
    for arm in inference.arms:
        if control and arm.comparison and arm.comparison.verdict == "unstable":
            of_arm, of_control = map(formats.diverged_share, (arm.divergence, control.divergence))
            yield f"Diverged: {arm.arm} {of_arm}, control {of_control}."


def _how_to_read(inference: Inference, comparisons: int) -> str:
    """Return what effect, interval, p and margin are."""
    text = (
        "Effect: the mean of arm minus control over the n seeds that completed in both, with "
        "Student's 95% interval. p: two-sided sign-flip test"
    )
    if comparisons > 1:
        text += f", corrected by Holm for {comparisons} comparisons"
    if inference.margin > 0:
        size = formats.magnitude(METRICS[inference.metric], inference.margin)
        text += f". A difference matters from {size} on (the study's margin)"
    else:
        text += ". The study states no margin, so no arm can be shown to be equivalent"
    return f"{text}. Better is {inference.better}."
