"""Factorial designs: the interaction plots, and the contrasts that say what of them is chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ablations.analysis.infer.cell_means import CellMean, cell_means
from ablations.analysis.infer.to_json import as_data
from ablations.analysis.show import formats
from ablations.analysis.show.sections.factorial import factorial
from ablations.plugin.open_study import OpenStudy
from ablations.plugin.views.tables import section_data
from ablations.study.metrics import Metric


def _cell(cell: CellMean, metric: Metric) -> dict[str, Any]:
    """Return a cell with its mean and interval in words, both to the same decimals."""
    interval, digits = cell.interval, formats.decimals_of(metric, cell.interval)
    ends = [interval.low, interval.high] if interval else []
    return {
        **as_data(cell),
        "text": formats.measured(metric, cell.mean, digits),
        "interval_text": " to ".join(formats.measured(metric, end, digits) for end in ends),
    }


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
        "pairs": [
            {**as_data(pair), "cells": [_cell(cell, metric) for cell in pair.cells]}
            for pair in cell_means(collected, metric.name)
        ],
        **section_data(section),
    }
