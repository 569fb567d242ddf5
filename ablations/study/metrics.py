"""The metrics, each declared once: its name, label, unit, direction and TensorBoard tag.

A metric of an epoch is one entry of ``EPOCH_METRICS`` and the place that measures it.  A final
metric is one of ``final_metrics``: with ``summary`` it is taken from the epochs' curve, else one
function computes it (``training/trainers/compiled/final_metrics.py``).  Files, event tags,
dashboards and tables follow from these declarations.  What grades predictions differs from task
to task (``scores.py``), and is measured on each split under names that follow from its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from types import MappingProxyType
from typing import Literal, TypeVar

from ablations.study.scores import SCORES, Direction, Score
from ablations.study.tasks import CLASSIFICATION, Task


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
    better: Direction = "higher"
    """Which value is the best."""

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
            return max(finite) if self.better == "higher" else min(finite)
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
    """Number of outputs → what a diverged run scores: that of a guess; None where none is known."""


_loss = partial(EpochMetric, better="lower", unit="nats")
_accuracy = partial(EpochMetric, better="higher", percent=True)

_OF_EVERY_RUN = (
    _loss("train_loss", "training loss", "curves/train_loss", banded=True),
    _accuracy("train_accuracy", "training accuracy", "curves/train_accuracy", banded=True),
    _loss("validation_loss", "validation loss", "curves/validation_loss", banded=True),
    _accuracy(
        "validation_accuracy", "validation accuracy", "curves/validation_accuracy", banded=True
    ),
    _accuracy(
        "validation_accuracy_raw",
        "validation accuracy, raw weights",
        "curves/validation_accuracy_raw_weights",
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
    EpochMetric("steps_skipped", "steps skipped by the loss scaler", "optimization/steps_skipped"),
    EpochMetric("loss_scale", "loss scale after the last step", "optimization/loss_scale"),
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
"""The final metric that a search of a classification chooses by; see ``chooses``."""


def chooses(score: Score) -> str:
    """Return the final metric that a search chooses by: of the tested weights, on validation."""
    return f"validation_{score.name}"


def _of_score(score: Score, name: str, label: str, summary: Summary | None = None) -> Metric:
    return Metric(name, label, score.better, score.unit, score.percent, summary, score.guess)


def _of_validation(score: Score) -> Iterator[Metric]:
    name = f"validation_{score.name}"

    def of(suffix: str, label: str, take: Literal["best", "last", "tested"]) -> Metric:
        return _of_score(score, name + suffix, label, Summary(name, take, score.better))

    yield of("", f"validation {score.label} of the tested weights", "tested")
    yield of("_best", f"best validation {score.label}", "best")
    yield of("_last", f"last validation {score.label}", "last")


def _final(scores: Sequence[Score], task: Task | None = None) -> Iterator[Metric]:
    """Yield the final metrics of a task; the first of ``scores`` is the task's own.

    Without a task nothing is known of the loss but that less is better.
    """
    of_loss = (task.loss_unit, task.guessed_loss) if task else ("", None)

    def loss(name: str, label: str, summary: Summary | None = None) -> Metric:
        return Metric(name, label, "lower", of_loss[0], False, summary, of_loss[1])

    own, *others = scores
    label, name = f"test {own.label}", f"test_{own.name}"
    yield _of_score(own, name, label)
    yield _of_score(own, f"{name}_raw", f"{label}, raw weights")
    yield loss("test_loss", "test loss")
    yield from _of_validation(own)
    best = Summary("validation_loss", "best", "lower")
    yield loss("validation_loss_best", "best validation loss", best)
    yield loss("train_loss_last", "last training loss", Summary("train_loss", "last"))
    for score in others:
        yield _of_score(score, f"test_{score.name}", f"test {score.label}")
        yield from _of_validation(score)
    yield Metric("generalization_gap", "generalization gap", "lower", own.unit, own.percent)
    yield Metric("weight_sparsity", "share of zero weights", "higher", percent=True)
    yield Metric(
        "dead_unit_share",
        "share of dead units",
        "lower",
        percent=True,
        summary=Summary("dead_unit_share", "last"),
    )
    yield Metric("inference_microseconds_per_sample", "inference time per sample", "lower", "µs")
    yield Metric("train_seconds", "training time", "lower", "s")


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


@cache
def final_metrics(task: Task, scores: tuple[Score, ...]) -> Mapping[str, Metric]:
    """Return name → each final metric of a task, whose own score is the first of ``scores``."""
    return _by_name(_final(scores, task))


@cache
def metrics_of_own_trainer(score: Score) -> Mapping[str, Metric]:
    """Return name → what is known of a final metric that a trainer of the user's may return.

    Which it returns is not known, nor is its loss.
    """
    return _by_name(_final((score,)))


METRICS = final_metrics(CLASSIFICATION, (SCORES[CLASSIFICATION.score],))
"""Those of a classification that declares no metric of its own."""

_SPLITS = {
    "pretraining_validation_": ("pretraining validation", "pretraining/validation_"),
    "pretraining_": ("pretraining", "pretraining/"),
    "train_": ("training", "curves/train_"),
    "validation_": ("validation", "curves/validation_"),
}
"""How the name of a score on a split begins → its label, and its tag."""


@cache
def epoch_metric(name: str) -> EpochMetric | None:
    """Return one number of an epoch, or None: a declared one, or a score on a split.

    ``validation_r2_score`` and a user's ``validation_pinball`` follow from their names.
    """
    if name in EPOCH_METRICS:
        return EPOCH_METRICS[name]
    start = next((start for start in _SPLITS if name.startswith(start) and name != start), None)
    if start is None:
        return None
    split, tag = _SPLITS[start]
    raw, score = name.endswith("_raw"), name.removeprefix(start).removesuffix("_raw")
    known = SCORES.get(score)
    return EpochMetric(
        name,
        f"{split} {known.label if known else score}" + (", raw weights" if raw else ""),
        f"{tag}{score}" + ("_raw_weights" if raw else ""),
        known.better if known else None,
        known.unit if known else "",
        bool(known and known.percent),
        banded=not raw and not start.startswith("pretraining"),
    )


def logged_metric(name: str, final: Mapping[str, Metric]) -> EpochMetric | None:
    """Return ``epoch_metric`` in the unit of the final metric that is measured as it is."""
    metric = epoch_metric(name)
    split, _, score = name.partition("_")
    alike = final.get(f"test_{score}") if split in ("train", "validation") else None
    alike = final.get(name, alike) if split == "validation" else alike
    if metric is None or alike is None:
        return metric
    return replace(metric, unit=alike.unit, percent=alike.percent)


def of_another_task(name: str) -> str:
    """Return the name of an epoch's metric in a stage that learns another task."""
    for split in ("train_", "validation_"):
        if name.startswith(split) and name != "train_seconds":
            return f"pretraining_{name.removeprefix('train_')}"
    return name


def scores_if_diverged(metrics: Mapping[str, Metric], outputs: int) -> dict[str, float]:
    """Return metric → what a diverged run scores, of those that a guess scores."""
    rules = {name: metric.if_diverged for name, metric in metrics.items() if metric.if_diverged}
    return {name: rule(outputs) for name, rule in rules.items()}
