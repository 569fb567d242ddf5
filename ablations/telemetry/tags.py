"""Every tag name; TensorBoard groups its cards by the part before the slash.

Its Time Series dashboard sorts the groups by name and opens the first two: so no group may come
before ``curves`` and ``figures`` that is not worth it, and histograms come after them.

The tags of an epoch's metrics are declared with the metrics, in ``study/metrics.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from ablations.study.keras_recipe import KerasRecipe
from ablations.study.layer_metrics import DEAD_SHARE, GRADIENT_NORM, SATURATED_SHARE, UPDATE_RATIO
from ablations.study.metrics import EPOCH_METRICS, STAGE_METRICS, epoch_metric
from ablations.study.recipes import OWN_TRAINERS
from ablations.study.schema import Study

EPOCH_SCALARS: Mapping[str, str] = MappingProxyType(
    {
        name: metric.tag
        for name, metric in EPOCH_METRICS.items()
        if metric.tag and name not in STAGE_METRICS
    }
)
"""Key of a line of ``metrics.jsonl`` → tag."""

STAGE_SCALARS: Mapping[str, str] = MappingProxyType(
    {name: metric.tag for name, metric in STAGE_METRICS.items() if metric.tag}
)
"""The same as ``EPOCH_SCALARS``, for what only a run of several stages has."""

BANDS = tuple(name for name, metric in EPOCH_METRICS.items() if metric.banded)
"""Of a classification, the epoch metrics whose mean and band are written for each arm."""


def of_epoch(names: Iterable[str]) -> dict[str, str]:
    """Return name → tag of the scalars of an epoch that have one, the declared ones first.

    The score of another task than a classification, and any metric, has the tag that follows from
    its name: ``validation_r2_score`` is ``curves/validation_r2_score``.
    """
    found = {name: epoch_metric(name) for name in names}
    others = {n: m.tag for n, m in found.items() if m and m.tag and n not in EPOCH_METRICS}
    return {**EPOCH_SCALARS, **others}


def banded(study: Study) -> tuple[str, ...]:
    """Return the epoch metrics of a study whose means and bands are charted."""
    if study.base.kind in OWN_TRAINERS:
        return tuple(dict.fromkeys((study.metric, *study.metrics)))
    scores = _scores(study)
    own = (f"{split}_{of}" for split in ("train", "validation") for of in ("loss", *scores[:1]))
    return (*own, *(f"validation_{name}" for name in scores[1:]))


def _scores(study: Study) -> list[str]:
    """Return what grades predictions, first the task's own.

    Of ``fit`` only what the study names is sure to be measured.
    """
    known = study.known_metrics
    if study.base.kind == KerasRecipe.kind:
        named = [n for n in (study.metric, *study.metrics) if n.startswith("test_")]
        return list(dict.fromkeys(n.removeprefix("test_") for n in named if n != "test_loss"))
    found = (name.removeprefix("test_") for name in known)
    return list(dict.fromkeys(n for n in found if f"validation_{n}_last" in known))


LAYER_SCALARS = (GRADIENT_NORM, UPDATE_RATIO, SATURATED_SHARE, DEAD_SHARE)
"""The metrics of a layer that are written as scalars; activations have their histograms."""

STAGE_TEXT = "stages"
"""The tag of the text that says what each stage is."""

ANSWER_TEXT = "answer"
"""The tag of the study's answer and its verdicts, alone."""

REPORT_TEXT = "report"
"""The tag of the study's report."""


def own(names: Iterable[str]) -> dict[str, str]:
    """Return name → tag of what a user's own trainer logs: as an epoch's, else the name itself."""
    known = of_epoch(names)
    return {name: known.get(name, name) for name in names}


def figure(name: str) -> str:
    """Return the tag of one of the report's figures."""
    return f"figures/{name}"


def final(metric: str) -> str:
    """Return the tag of a finished run's metric."""
    return f"final/{metric}"


def band(metric: str, line: Literal["mean", "lower", "upper"]) -> str:
    """Return the tag of an arm's ``mean``, ``lower`` or ``upper`` over its seeds."""
    return f"interval/{metric}/{line}"


def close_up(metric: str, line: Literal["mean", "lower", "upper"]) -> str:
    """Return the same, where the best arms are shown alone; see ``bands.py``."""
    return f"interval_close_up/{metric}/{line}"


def layer_scalar(metric: str, layer: str) -> str:
    """Return the tag of one of ``LAYER_SCALARS`` of a layer; all are in one group."""
    return f"layers/{metric}/{layer}"


def gradient_histogram(layer: str) -> str:
    """Return the tag of the log10 of a layer's absolute training gradients."""
    return f"gradient_log10/{layer}"


def activation_histogram(layer: str) -> str:
    """Return the tag of a layer's activations on the probe batch."""
    return f"unit_activation/{layer}"


def weight_histogram(layer: str) -> str:
    """Return the tag of a layer's weights."""
    return f"weight/{layer}"
