"""What a network learns to predict: classes, several labels of an example, or values.

The training loss decides on the task, and the task on everything that differs from one to another:
the labels that it reads, the outputs that a network needs, the score that every run measures, what
a guess scores, and whether a prediction is right or wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["classification", "several_labels", "regression"]


@dataclass(frozen=True)
class Task:
    """One kind of task."""

    kind: Kind
    score: str
    """The metric that every run measures, a mean over examples; a key of ``scores.SCORES``."""
    labels: str
    """What its labels look like, for an error line."""
    output: str
    """What a network has an output for, for an error line."""
    loss: str
    """A loss that learns it, for an error line of another task."""
    loss_unit: str = ""
    guessed_loss: Callable[[int], float] | None = None
    """Number of outputs → the loss of a guess, which a diverged run counts with; None where a
    guess would have to know the labels."""
    rights_and_wrongs: bool = False
    """Whether the prediction of an example is right or wrong."""

    def __reduce__(self) -> tuple[Callable[[Kind], Task], tuple[Kind]]:
        """Cross to another process by its kind: there is one of each."""
        return task_of, (self.kind,)

    @property
    def title(self) -> str:
        """The task in words."""
        return "classification by several labels" if self.kind == "several_labels" else self.kind


CLASSIFICATION = Task(
    kind="classification",
    score="accuracy",
    labels="whole labels [N] from 0 to k − 1",
    output="class",
    loss="sparse_categorical_crossentropy",
    loss_unit="nats",
    guessed_loss=math.log,
    rights_and_wrongs=True,
)
SEVERAL_LABELS = Task(
    kind="several_labels",
    score="binary_accuracy",
    labels="labels [N, K] of 0 and 1",
    output="label",
    loss="binary_crossentropy",
    loss_unit="nats",
    guessed_loss=lambda labels: math.log(2),
)
REGRESSION = Task(
    kind="regression",
    score="mean_absolute_error",
    labels="numbers [N] or [N, T]",
    output="target",
    loss="mean_squared_error",
)
TASKS: Mapping[str, Task] = MappingProxyType(
    {task.kind: task for task in (CLASSIFICATION, SEVERAL_LABELS, REGRESSION)}
)


def task_of(kind: Kind) -> Task:
    """Return the task of a kind."""
    return TASKS[kind]


Advice = Callable[[Task], str]
"""How a recipe says what it learns, for an error line."""


def by_loss(task: Task) -> str:
    """Return what says the task where the loss decides on it."""
    return f"training.loss: {task.loss} learns a {task.title}"


def by_data(task: Task) -> str:
    """Return what says the task where a user's model brings its loss."""
    return f"data: {{task: {task.kind}}} reads a {task.title}"


OF_LOSS: Mapping[str, Task] = MappingProxyType(
    {
        "sparse_categorical_crossentropy": CLASSIFICATION,
        "categorical_crossentropy": CLASSIFICATION,
        "categorical_focal_crossentropy": CLASSIFICATION,
        "binary_crossentropy": SEVERAL_LABELS,
        "binary_focal_crossentropy": SEVERAL_LABELS,
        "mean_squared_error": REGRESSION,
        "mean_absolute_error": REGRESSION,
        "mean_absolute_percentage_error": REGRESSION,
        "mean_squared_logarithmic_error": REGRESSION,
        "huber": REGRESSION,
        "log_cosh": REGRESSION,
        "poisson": REGRESSION,
        "cosine_similarity": REGRESSION,
    }
)
"""Name of a loss in Keras → the task that it learns."""
