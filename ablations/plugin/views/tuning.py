"""The searches: tuning curves, and the table of what each arm tried and chose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ablations.analysis.infer.to_json import as_data
from ablations.analysis.infer.tuning_curves import TuningCurve
from ablations.analysis.show import formats
from ablations.analysis.show.fairness import fairness_warnings
from ablations.analysis.show.figures.limits import Limits
from ablations.analysis.show.figures.tuning import tuning_limits
from ablations.analysis.show.sections.tuning import tuning_table
from ablations.plugin.open_study import OpenStudy
from ablations.plugin.views.tables import table_data
from ablations.study.metrics import Metric


def tuning(study: OpenStudy, arguments: Mapping[str, str]) -> Mapping[str, Any]:
    """Return a curve for each tuned setting; none where the study tunes nothing."""
    _, inference = study.inference()
    if inference.tuning is None:
        return {"tuned": False}
    metric = inference.metric_named(inference.tuning.metric)
    table = tuning_table(inference.tuning, metric)
    return {
        "tuned": True,
        "control": inference.control,
        "metric": {"name": metric.name, "label": formats.titled(metric), "percent": metric.percent},
        "curves": [
            {**as_data(curve), "limits": as_data(_limits(curve, metric))}
            for curve in inference.tuning_curves
        ],
        "table": table_data(table) if inference.tuning.arms else None,
        "notes": tuple(fairness_warnings(inference)),
    }


def _limits(curve: TuningCurve, metric: Metric) -> Limits | None:
    """Return the report's range of the axis; None, for all, where it cuts what an arm chose."""
    limits = tuning_limits(curve, metric)
    scale = 100.0 if metric.percent else 1.0
    chosen = [point.mean for arm in curve.arms for point in arm.points if point.chosen]
    means = [scale * mean for mean in chosen if mean is not None]
    return limits if limits and limits.hold(means) else None
