"""The metrics, each declared once: its name, label, unit, direction and TensorBoard tag.

A metric of an epoch is one entry of ``EPOCH_METRICS`` and the place that measures it.  A final
metric is one entry of ``METRICS``: with ``summary`` it is taken from the epochs' curve, else one
function computes it (``training/trainers/compiled/final_metrics.py``).  Files, event tags,
dashboards and tables follow from these declarations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Literal, TypeVar

Direction = Literal["higher", "lower"]


@dataclass(frozen=True)
class EpochMetric:
    """One number of an epoch: a key of a line of ``metrics.jsonl``."""

    name: str
    label: str
    tag: str = ""
    """The tag of its TensorBoard scalar; empty where none is written."""
    better: Direction | None = None
    unit: str = ""
    percent: bool = False
    banded: bool = False
    """Whether its mean and confidence band over an arm's seeds are written."""
    replaces: str = ""
    """The metric that it stands for in a stage that learns another task than the recipe's own."""


@dataclass(frozen=True)
class Summary:
    """How a final metric follows from the curve of an epoch metric, its finite values only."""

    metric: str
    take: Literal["best", "last", "tested"]
    """``tested`` is the value of the epoch whose weights are tested."""

    def of(self, curve: Sequence[float], tested: int | None = None) -> float | None:
        """Return one value of a curve, None where there is none.

        ``tested`` is the place of the tested epoch, where that is not the last.
        """
        if self.take == "tested" and tested is not None:
            curve = curve[tested : tested + 1]
        finite = [value for value in curve if math.isfinite(value)]
        if not finite:
            return None
        if self.take == "best":
            return max(finite) if EPOCH_METRICS[self.metric].better == "higher" else min(finite)
        return finite[-1]


@dataclass(frozen=True)
class Metric:
    """One number of a finished run."""

    name: str
    label: str
    better: Direction
    unit: str = ""
    percent: bool = False
    """Shown as a percentage."""
    summary: Summary | None = None
    """The curve that it summarizes; None where it is computed after the last epoch."""
    if_diverged: Callable[[int], float] | None = None
    """Number of classes → what a diverged run scores: that of a guess; None where none is."""


_loss = partial(EpochMetric, better="lower", unit="nats")
_accuracy = partial(EpochMetric, better="higher", percent=True)

_OF_EVERY_RUN = (
    _loss("train_loss", "training loss", "train/loss", banded=True),
    _accuracy("train_accuracy", "training accuracy", "train/accuracy", banded=True),
    _loss("validation_loss", "validation loss", "validation/loss", banded=True),
    _accuracy("validation_accuracy", "validation accuracy", "validation/accuracy", banded=True),
    _accuracy(
        "validation_accuracy_raw",
        "validation accuracy, raw weights",
        "validation/accuracy_raw_weights",
    ),
    EpochMetric("learning_rate", "learning rate of the last step", "optimization/learning_rate"),
    EpochMetric(
        "gradient_norm_before_clipping",
        "gradient norm before clipping",
        "optimization/gradient_norm_before_clipping",
    ),
    EpochMetric(
        "gradient_norm_after_clipping",
        "gradient norm after clipping",
        "optimization/gradient_norm_after_clipping",
    ),
    EpochMetric(
        "share_of_steps_clipped",
        "share of steps clipped",
        "optimization/share_of_steps_clipped",
        percent=True,
    ),
    EpochMetric(
        "dead_unit_share", "share of dead units", "units/share_dead", "lower", percent=True
    ),
    EpochMetric("seconds", "time of the train steps", unit="s"),
)

STAGE = "stage"
"""The number of the stage, from 1."""

_OF_SEVERAL_STAGES = (
    EpochMetric(
        "pretraining_loss", "pretraining loss", "pretraining/loss", "lower", replaces="train_loss"
    ),
    _accuracy(
        "pretraining_accuracy",
        "pretraining accuracy",
        "pretraining/accuracy",
        replaces="train_accuracy",
    ),
    EpochMetric(
        "pretraining_validation_loss",
        "pretraining validation loss",
        "pretraining/validation_loss",
        "lower",
        replaces="validation_loss",
    ),
    _accuracy(
        "pretraining_validation_accuracy",
        "pretraining validation accuracy",
        "pretraining/validation_accuracy",
        replaces="validation_accuracy",
    ),
    EpochMetric(STAGE, "stage", "optimization/stage"),
)

OF_TESTED_WEIGHTS = "validation_accuracy"
"""The final metric that a search chooses by: on the validation split, of the tested weights."""


def _guess(classes: int) -> float:
    return 1 / classes


_FINAL = (
    Metric("test_accuracy", "test accuracy", "higher", percent=True, if_diverged=_guess),
    Metric(
        "test_accuracy_raw",
        "test accuracy, raw weights",
        "higher",
        percent=True,
        if_diverged=_guess,
    ),
    Metric("test_loss", "test loss", "lower", "nats", if_diverged=math.log),
    Metric(
        OF_TESTED_WEIGHTS,
        "validation accuracy of the tested weights",
        "higher",
        percent=True,
        if_diverged=_guess,
        summary=Summary("validation_accuracy", "tested"),
    ),
    Metric(
        "validation_accuracy_best",
        "best validation accuracy",
        "higher",
        percent=True,
        summary=Summary("validation_accuracy", "best"),
        if_diverged=_guess,
    ),
    Metric(
        "validation_accuracy_last",
        "last validation accuracy",
        "higher",
        percent=True,
        summary=Summary("validation_accuracy", "last"),
        if_diverged=_guess,
    ),
    Metric(
        "validation_loss_best",
        "best validation loss",
        "lower",
        "nats",
        summary=Summary("validation_loss", "best"),
        if_diverged=math.log,
    ),
    Metric(
        "train_loss_last",
        "last training loss",
        "lower",
        "nats",
        summary=Summary("train_loss", "last"),
        if_diverged=math.log,
    ),
    Metric("generalization_gap", "generalization gap", "lower", percent=True),
    Metric("weight_sparsity", "share of zero weights", "higher", percent=True),
    Metric(
        "dead_unit_share",
        "share of dead units",
        "lower",
        percent=True,
        summary=Summary("dead_unit_share", "last"),
    ),
    Metric("inference_microseconds_per_sample", "inference time per sample", "lower", "µs"),
    Metric("train_seconds", "training time", "lower", "s"),
)


AnyMetric = TypeVar("AnyMetric", EpochMetric, Metric)


def _by_name(metrics: Iterable[AnyMetric]) -> Mapping[str, AnyMetric]:
    named: dict[str, AnyMetric] = {}
    for metric in metrics:
        if metric.name in named:
            raise ValueError(f"metric {metric.name} is declared twice")
        named[metric.name] = metric
    return MappingProxyType(named)


EPOCH_METRICS = _by_name((*_OF_EVERY_RUN, *_OF_SEVERAL_STAGES))
STAGE_METRICS = _by_name(_OF_SEVERAL_STAGES)
"""Those that only a run of several stages has."""
METRICS = _by_name(_FINAL)


def undeclared(names: Iterable[str]) -> list[str]:
    """Return the keys of a line of ``metrics.jsonl`` that a user's own trainer has named."""
    counts = ("epoch", "updates")
    return [name for name in names if name not in EPOCH_METRICS and name not in counts]


def scores_if_diverged(classes: int) -> dict[str, float]:
    """Return metric → what a diverged run scores, of those that a guess among classes scores."""
    rules = {name: metric.if_diverged for name, metric in METRICS.items() if metric.if_diverged}
    return {name: rule(classes) for name, rule in rules.items()}
