"""Every tag name; TensorBoard groups its cards by the part before the slash.

The tags of an epoch's metrics are declared with the metrics, in ``study/metrics.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from ablations.study.layer_metrics import DEAD_SHARE, GRADIENT_NORM, SATURATED_SHARE, UPDATE_RATIO
from ablations.study.metrics import EPOCH_METRICS, STAGE_METRICS

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
"""The epoch metrics whose mean and confidence band over seeds are written for each arm."""

LAYER_SCALARS = (GRADIENT_NORM, UPDATE_RATIO, SATURATED_SHARE, DEAD_SHARE)
"""The metrics of a layer that are written as scalars; activations have their histograms."""

STAGE_TEXT = "stages"
"""The tag of the text that says what each stage is."""

REPORT_TEXT = "report"
"""The tag of the study's report."""


def own(names: Iterable[str]) -> dict[str, str]:
    """Return name → tag of what a user's own trainer logs: a known metric's, or the name itself.

    What begins with ``train_`` or ``validation_`` goes to the card of that split.
    """
    return {name: EPOCH_SCALARS.get(name, _of_split(name)) for name in names}


def _of_split(name: str) -> str:
    for split in ("train", "validation"):
        if name.startswith(f"{split}_"):
            return f"{split}/{name.removeprefix(f'{split}_')}"
    return name


def final(metric: str) -> str:
    """Return the tag of a finished run's metric."""
    return f"final/{metric}"


def band(metric: str, line: Literal["mean", "lower", "upper"]) -> str:
    """Return the tag of an arm's ``mean``, ``lower`` or ``upper`` over its seeds."""
    return f"band/{metric}/{line}"


def layer_scalar(metric: str, layer: str) -> str:
    """Return the tag of one of ``LAYER_SCALARS`` of a layer; all are in one group."""
    return f"layers/{metric}/{layer}"


def gradient_histogram(layer: str) -> str:
    """Return the tag of the log10 of a layer's absolute training gradients."""
    return f"gradient_log10/{layer}"


def activation_histogram(layer: str) -> str:
    """Return the tag of a layer's activations on the probe batch."""
    return f"activation/{layer}"


def weight_histogram(layer: str) -> str:
    """Return the tag of a layer's weights."""
    return f"weight/{layer}"
