"""What grades predictions: Keras's metrics by their names, with their direction and their task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from ablations.study.tasks import CLASSIFICATION, REGRESSION, SEVERAL_LABELS, Task

Direction = Literal["higher", "lower"]
PERCENT = "%"
"""The unit of values on a scale of 0 to 100, whose differences are in points."""


@dataclass(frozen=True)
class Score:
    """A number that is measured on the validation and the test split."""

    name: str
    """``accuracy`` is measured as ``test_accuracy``, ``validation_accuracy`` and so on."""
    label: str
    better: Direction
    task: Task | None = None
    """The task whose predictions it grades; None for a user's own."""
    unit: str = ""
    percent: bool = False
    guess: Callable[[int], float] | None = None
    """Number of outputs → what a guess scores; None where a guess would have to know the labels."""


def _right(name: str, label: str, task: Task, guess: Callable[[int], float] | None = None) -> Score:
    return Score(name, label, "higher", task, percent=True, guess=guess)


def _error(name: str, label: str, unit: str = "") -> Score:
    return Score(name, label, "lower", REGRESSION, unit)


_ALL = (
    _right("accuracy", "accuracy", CLASSIFICATION, lambda classes: 1 / classes),
    _right("sparse_top_k_categorical_accuracy", "top-k accuracy", CLASSIFICATION),
    _right("binary_accuracy", "binary accuracy", SEVERAL_LABELS, lambda labels: 1 / 2),
    _right("precision", "precision", SEVERAL_LABELS),
    _right("recall", "recall", SEVERAL_LABELS),
    _right("f1_score", "F1 score", SEVERAL_LABELS),
    Score("auc", "AUC", "higher", SEVERAL_LABELS, guess=lambda labels: 1 / 2),
    _error("mean_absolute_error", "mean absolute error"),
    _error("mean_squared_error", "mean squared error"),
    _error("root_mean_squared_error", "root mean squared error"),
    _error("mean_absolute_percentage_error", "mean absolute percentage error", "%"),
    _error("mean_squared_logarithmic_error", "mean squared logarithmic error"),
    _error("log_cosh_error", "log-cosh error"),
    Score("r2_score", "R²", "higher", REGRESSION),
    Score("cosine_similarity", "cosine similarity", "higher", REGRESSION),
)
SCORES: Mapping[str, Score] = MappingProxyType({score.name: score for score in _ALL})
"""Name → what is known of it."""
_FALLING = ("loss", "error", "mae", "mse", "divergence", "crossentropy")
_RISING = ("accuracy", "acc", "auc", "precision", "recall", "score", "iou")


def better_of(name: str) -> Direction | None:
    """Return which direction of a metric is better, where its name tells; else None.

    ``test_mae`` is better lower, ``validation_auc_best`` higher.
    """
    for end in ("_best", "_last", "_raw"):
        name = name.removesuffix(end)
    if name.endswith(_FALLING):
        return "lower"
    return "higher" if name.endswith(_RISING) else None
