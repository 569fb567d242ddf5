"""Factorial designs: the interaction plots, and the contrasts that say what of them is chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ablations.analysis.infer.cell_means import cell_means
from ablations.analysis.infer.to_json import as_data
from ablations.analysis.show import formats
from ablations.analysis.show.sections.factorial import factorial
from ablations.plugin.open_study import OpenStudy
from ablations.plugin.views.tables import section_data


def interactions(study: OpenStudy, arguments: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the means of each pair of factors, and the table of contrasts."""
    collected, inference = study.inference()
    section = factorial(inference)
    if section is None:
        return {"factorial": False}
    metric = inference.answering_metric()
    return {
        "factorial": True,
        "metric": {"name": metric.name, "label": formats.titled(metric), "percent": metric.percent},
        "pairs": as_data(cell_means(collected, metric.name)),
        **section_data(section),
    }
