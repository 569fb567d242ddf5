"""Other metrics: mean and spread of the study's metric, and the means of others beside it."""

from __future__ import annotations

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.inference import Inference
from ablations.analysis.show import formats
from ablations.analysis.show.blocks import Cell, Column, Section, Table, notes, number_columns
from ablations.analysis.show.comparisons import arm_cell, mean_cell

_LEFT_OUT = ("generalization_gap", "weight_sparsity", "dead_unit_share", "train_seconds")
_HOW_IMPORTED = "Means and standard deviations (sd, of the sample) over completed runs."
_HOW_TO_READ = (
    "Means and standard deviations (sd, of the sample) over completed runs. Parameters and updates "
    "are per run; training time is the median."
)


def metrics(inference: Inference) -> Section | None:
    """Return an arm a row; nothing where no run counts."""
    if not inference.runs.counted:
        return None
    metric = inference.answering_metric()
    unit = formats.difference_unit(metric)
    others = _others(inference)
    columns = (
        Column("arm"),
        *number_columns(f"{metric.label}, mean", f"sd ({unit})" if unit else "sd"),
        *number_columns(*(formats.titled(inference.metric_named(name)) for name in others)),
        *(() if inference.imported else number_columns("parameters", "updates", "training (s)")),
    )
    rows = tuple(_row(arm, inference) for arm in inference.arms)
    table = Table(columns, rows, sortable=True)
    how_to_read = _HOW_IMPORTED if inference.imported else _HOW_TO_READ
    return Section("Other metrics", (table, *notes((how_to_read,))))


def _row(arm: ArmSummary, inference: Inference) -> tuple[Cell, ...]:
    metric, runs = inference.answering_metric(), arm.divergence.runs
    deviation = arm.score.standard_deviation
    return (
        arm_cell(arm.arm, arm.is_control),
        mean_cell(arm.score, runs, metric),
        Cell(formats.spread(metric, deviation), deviation),
        *(
            mean_cell(arm.metrics[name], runs, inference.metric_named(name))
            for name in _others(inference)
        ),
        *(() if inference.imported else _costs(arm)),
    )


def _others(inference: Inference) -> list[str]:
    """Return the metrics beside the study's; of imported results, those that they have."""
    best = f"validation_{inference.score}_best"
    return [
        name
        for name in inference.arms[0].metrics
        if name not in (inference.metric, *_LEFT_OUT)
        and not name.endswith("_raw")
        and (name == best or not name.startswith("validation_"))
        and (not inference.imported or any(arm.metrics[name].n for arm in inference.arms))
    ]


def _costs(arm: ArmSummary) -> tuple[Cell, ...]:
    return (
        Cell(formats.count(arm.parameters), arm.parameters),
        Cell(formats.count(arm.updates), arm.updates),
        Cell(formats.number(arm.train_seconds, 3), arm.train_seconds),
    )
