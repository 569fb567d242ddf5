"""The verdict table and the forest plot, on the study's metric or on any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.other_metric import on_metric
from ablations.analysis.infer.to_json import as_data
from ablations.analysis.show import formats
from ablations.analysis.show.comparisons import decimals, verdict_words
from ablations.analysis.show.figures.effects import effect_limits
from ablations.analysis.show.sections.verdicts import verdicts
from ablations.plugin.open_study import OpenStudy
from ablations.plugin.requests import metric_of
from ablations.plugin.views.tables import section_data
from ablations.study.metrics import Metric


def effects(study: OpenStudy, arguments: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the table, its notes and the rows of the forest plot."""
    collected, own = study.inference()
    metric = metric_of(collected.study, arguments)
    inference = on_metric(collected, own, metric.name)
    measured = {name for arm in own.arms for name, known in arm.metrics.items() if known.n}
    of_study = (*collected.study.metrics, *collected.study.known_metrics)
    names = [name for name in dict.fromkeys(of_study) if name in measured]
    return {
        "metric": _described(metric),
        "declared": metric.name == own.metric,
        "metrics": [_described(collected.study.metric_named(name)) for name in names],
        "control": inference.control,
        "margin": inference.margin,
        "replicates": inference.replicates,
        "unit": formats.difference_unit(metric),
        "limits": as_data(effect_limits(inference)),
        **section_data(verdicts(inference)),
        "forest": list(_rows(inference, metric)),
    }


def _described(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "label": metric.label,
        "better": metric.better,
        "percent": metric.percent,
    }


def _rows(inference: Inference, metric: Metric) -> Iterator[dict[str, Any]]:
    """Yield a row for each arm, in the order of the table; the control's has no effect."""
    for arm in inference.arms:
        comparison = arm.comparison
        alone = comparison.interval if comparison else None
        row: dict[str, Any] = {"arm": arm.arm, "may_be_best": arm.may_be_best}
        if comparison is None:
            yield {**row, "verdict": "control", "words": "the control", "effect": None}
            continue
        digits = decimals(comparison, metric)
        yield {
            **row,
            "verdict": comparison.verdict,
            "words": verdict_words(comparison, arm.is_copy),
            "effect": comparison.effect,
            "interval": as_data(alone),
            "simultaneous": as_data(comparison.simultaneous),
            "text": formats.difference(metric, comparison.effect, digits),
            "interval_text": formats.interval(metric, alone),
            "ends": [formats.difference(metric, end, digits) for end in as_data(alone).values()]
            if alone
            else None,
        }
