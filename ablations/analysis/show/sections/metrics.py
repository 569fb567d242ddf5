"""Other metrics: mean and spread of the study's metric, and the means of others beside it."""

from __future__ import annotations

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.inference import Inference
from ablations.analysis.show import formats
from ablations.analysis.show.blocks import Cell, Column, Section, Table, notes, number_columns
from ablations.analysis.show.comparisons import arm_cell, mean_cell, mean_decimals

_LEFT_OUT = ("generalization_gap", "weight_sparsity", "dead_unit_share", "train_seconds")
_HOW_IMPORTED = "Means and standard deviations (sd, of the sample) over completed runs."
_HOW_TO_READ = (
    "Means and standard deviations (sd, of the sample) over completed runs. Parameters and updates "
    "are per run; training time is the median."
)

_HOW_ALONE = (
    "Means and standard deviations (sd, of the sample) over completed runs; training time is the "
    "median."
)
PARAMETERS, UPDATES, SECONDS = "parameters", "updates", "training (s)"


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
        *number_columns(*_cost_titles(inference)),
    )
    digits = mean_decimals(inference)
    rows = tuple(_row(arm, inference, digits.get(arm.arm)) for arm in inference.arms)
    table = Table(columns, rows, sortable=True)
    counted = PARAMETERS in _cost_titles(inference)
    how_to_read = _HOW_TO_READ if counted else _HOW_ALONE
    how_to_read = _HOW_IMPORTED if inference.imported else how_to_read
    return Section("Other metrics", (table, *notes((how_to_read,))))


def _row(arm: ArmSummary, inference: Inference, digits: int | None) -> tuple[Cell, ...]:
    metric, runs = inference.answering_metric(), arm.divergence.runs
    deviation = arm.score.standard_deviation
    return (
        arm_cell(arm.arm, arm.is_control),
        mean_cell(arm.score, runs, metric, digits),
        Cell(formats.spread(metric, deviation), deviation),
        *(
            mean_cell(arm.metrics[name], runs, inference.metric_named(name))
            for name in _others(inference)
        ),
        *(cell for title, cell in _costs(arm).items() if title in _cost_titles(inference)),
    )


def _others(inference: Inference) -> list[str]:
    """Return the metrics beside the study's; those that some run has."""
    best = f"validation_{inference.score}_best"
    return [
        name
        for name in inference.arms[0].metrics
        if name not in (inference.metric, *_LEFT_OUT)
        and not name.endswith("_raw")
        and (name == best or not name.startswith("validation_"))
        and any(arm.metrics[name].n for arm in inference.arms)
    ]


def _cost_titles(inference: Inference) -> tuple[str, ...]:
    """Return what is known of the costs: a user's own trainer counts no parameters."""
    if inference.imported:
        return ()
    counted = any(arm.parameters or arm.updates for arm in inference.arms)
    return (PARAMETERS, UPDATES, SECONDS) if counted else (SECONDS,)


def _costs(arm: ArmSummary) -> dict[str, Cell]:
    return {
        PARAMETERS: Cell(formats.count(arm.parameters), arm.parameters),
        UPDATES: Cell(formats.count(arm.updates), arm.updates),
        SECONDS: Cell(formats.number(arm.train_seconds, 3), arm.train_seconds),
    }
