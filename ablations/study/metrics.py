"""The metrics of a run: what they are called, in which unit, and which direction is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """One number of a finished run."""

    name: str
    label: str
    better: Literal["higher", "lower"]
    unit: str = ""
    percent: bool = False
    """Shown as a percentage."""


_ALL = (
    Metric("test_accuracy", "test accuracy", "higher", percent=True),
    Metric("test_accuracy_raw", "test accuracy, raw weights", "higher", percent=True),
    Metric("test_loss", "test loss", "lower", "nats"),
    Metric("validation_accuracy_best", "best validation accuracy", "higher", percent=True),
    Metric("validation_accuracy_last", "last validation accuracy", "higher", percent=True),
    Metric("validation_loss_best", "best validation loss", "lower", "nats"),
    Metric("train_loss_last", "last training loss", "lower", "nats"),
    Metric("generalization_gap", "generalization gap", "lower", percent=True),
    Metric("weight_sparsity", "share of zero weights", "higher", percent=True),
    Metric("dead_unit_share", "share of dead units", "lower", percent=True),
    Metric("inference_microseconds_per_sample", "inference time per sample", "lower", "µs"),
    Metric("train_seconds", "training time", "lower", "s"),
)

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _ALL})
