"""The part of a recipe that says how the weights are found, and what is learned."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from ablations.study.class_weights import ClassWeights, listed
from ablations.study.families import (
    Augmentation,
    Clipping,
    Constraint,
    EarlyStopping,
    LabelSmoothing,
    Optimizer,
    Precision,
    Regularization,
    Schedule,
    WeightAverage,
)
from ablations.study.frozen import Count, Frozen, misplaced
from ablations.study.misfits import misfits
from ablations.study.objectives import Measure, TrainingLoss
from ablations.study.scores import SCORES, Score
from ablations.study.tasks import CLASSIFICATION, Task
from ablations.study.technique import Chosen, HostOnly


class TrainingRecipe(Frozen):
    """How the weights are found."""

    batch_size: Count
    """Examples a step; an epoch drops the examples that fill no whole batch, others each time."""
    epochs: HostOnly[Count]
    optimizer: Chosen[Optimizer]
    loss: Chosen[TrainingLoss] | None = None
    """What is minimized, and so which task is learned: ``mean_squared_error`` learns a regression,
    ``binary_crossentropy`` several labels.  Null is the cross-entropy of a classification."""
    metrics: Annotated[tuple[Chosen[Measure], ...], BeforeValidator(listed)] = ()
    """What grades predictions besides the task's own: ``accuracy`` of a classification,
    ``binary_accuracy`` of several labels, ``mean_absolute_error`` of a regression."""
    class_weights: ClassWeights = None
    """What the loss of an example of each class counts in training: a list in
    the order of the classes, a mapping of these, or ``balanced``, N / (K · N_c).  It weighs no
    evaluation."""
    schedule: HostOnly[Chosen[Schedule] | None] = None
    """How the optimizer's learning rate changes; null keeps it."""
    clipping: Chosen[Clipping] | None = None
    regularization: Chosen[Regularization] | None = None
    constraint: Chosen[Constraint] | None = None
    augmentation: Chosen[Augmentation] | None = None
    weight_average: Chosen[WeightAverage] | None = None
    early_stopping: HostOnly[Chosen[EarlyStopping] | None] = None
    label_smoothing: Chosen[LabelSmoothing] | None = None
    """A share of each label that is spread over all classes; a bare number is the share."""
    precision: Chosen[Precision] = Field("float32", validate_default=True)
    """In which floating-point numbers the layers compute; weights and loss are float32."""
    keep_checkpoint: HostOnly[bool] = False
    """Keep the final weights and optimizer state in ``checkpoint/``."""

    @property
    def task(self) -> Task:
        """What is learned."""
        return CLASSIFICATION if self.loss is None else self.loss.learns

    @property
    def scores(self) -> tuple[Score, ...]:
        """What grades the predictions, the task's own score first."""
        own = SCORES[self.task.score]
        others = (measure.score for measure in self.metrics)
        return (own, *(score for score in others if score.name != own.name))

    @model_validator(mode="after")
    def _fits_its_task(self) -> TrainingRecipe:
        for path, message in misfits(self):
            raise misplaced(message, *path)
        return self
