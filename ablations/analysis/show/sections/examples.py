"""New test examples: the effects with intervals that count the test set as a sample, too."""

from __future__ import annotations

from statistics import median

from ablations.analysis.infer.examples import EffectOverExamples, OverExamples
from ablations.analysis.infer.inference import Inference
from ablations.analysis.show import formats
from ablations.analysis.show.blocks import Cell, Column, Section, Table, notes, number_columns
from ablations.analysis.show.comparisons import effect_title
from ablations.study.metrics import METRICS, Metric


def examples(inference: Inference) -> Section | None:
    """Return an arm a row; nothing where the runs do not keep what they got right."""
    found = inference.over_examples
    if found is None:
        return None
    metric = METRICS[inference.metric]
    columns = (
        Column("arm"),
        *number_columns(effect_title(metric), "95% over seeds", "95% over seeds and examples"),
    )
    rows = tuple(_row(arm, metric) for arm in found.arms)
    table = Table(columns, rows, sortable=True)
    return Section("New test examples", (table, *notes((_how_to_read(found),))))


def _row(arm: EffectOverExamples, metric: Metric) -> tuple[Cell, ...]:
    return (
        Cell(arm.arm),
        Cell(formats.difference(metric, arm.effect), arm.effect),
        Cell(formats.interval(metric, arm.seeds), arm.seeds.low),
        Cell(formats.interval(metric, arm.both), arm.both.low),
    )


def _how_to_read(found: OverExamples) -> str:
    """Return what the second interval counts, by how much it is wider, and what it costs."""
    text = (
        f"Every arm was tested on the same {found.examples:,} examples. The second interval covers "
        "new seeds and new examples of the same kind"
    )
    widths = [arm.widening for arm in found.arms if arm.widening is not None]
    if widths:
        low, middle, high = (f"{width:.2f}" for width in (min(widths), median(widths), max(widths)))
        text += f"; it is {low} to {high} times as wide (median {middle})"
    lost = [arm.arm for arm in found.arms if _holds_zero(arm)]
    if lost:
        text += f", and holds 0 where the first does not: {formats.listed(lost, 6)}"
    return f"{text}."


def _holds_zero(arm: EffectOverExamples) -> bool:
    """Whether only the interval over both holds 0."""
    return arm.both.low <= 0 <= arm.both.high and not arm.seeds.low <= 0 <= arm.seeds.high
