"""What each family of techniques promises: the types of the recipe's fields.

A declaration (``ablations.techniques``) fixes a name and parameters; what it promises here is
built in ``ablations.techniques.keras``.  Here are the families of training; those inside a
network are in ``model_families``.  Shapes: B batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ablations.study.frozen import Count, NonNegative, Positive
from ablations.study.layer_pattern import Pattern
from ablations.study.model_families import Model
from ablations.study.protocols import (
    Augment,
    AveragedWeights,
    Clipper,
    Loss,
    LossScaler,
    Objective,
    ScheduleState,
    Span,
    Transform,
)
from ablations.study.technique import Chosen, HostOnly, Live, LiveValues, Technique

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf
    from numpy.typing import NDArray

Monitor = str
"""A metric of the validation split; the recipe knows which there are."""


class Clipping(Technique):
    """A rule that bounds the gradients of one step."""

    family: ClassVar[str] = "clipping"

    threshold: Live[Positive] = 1.0

    def build(self, weights: Sequence[keras.Variable], live: LiveValues) -> Clipper:
        """Return the rule for gradients of ``weights``, in their order."""
        raise NotImplementedError


class Optimizer(Technique):
    """How a gradient changes the weights."""

    family: ClassVar[str] = "optimizer"
    slots_like_weights: ClassVar[tuple[str, ...]] = ()
    """Slots that start as copies of the weights; all others start at constants."""

    learning_rate: HostOnly[Positive] = 0.001
    """η of every step, which a schedule multiplies."""
    weight_decay: Live[NonNegative | None] = None
    """Decoupled: w ← w − η · weight_decay · w at each step."""

    def build(self, live: LiveValues) -> keras.optimizers.Optimizer:
        """Return a fresh Keras optimizer, not yet bound to variables."""
        raise NotImplementedError


class Schedule(Technique):
    """A learning rate that changes while training."""

    family: ClassVar[str] = "schedule"

    def start(self) -> ScheduleState:
        """Return what is remembered before the first epoch."""
        return {}

    def why_idle(self, epochs: int) -> str:
        """Return why the rate cannot change in so many epochs; empty where it can."""
        return ""

    def after_epoch(
        self, state: ScheduleState, epoch: int, values: Mapping[str, float]
    ) -> ScheduleState:
        """Return what is remembered after ``epoch`` (from 1), whose metrics are ``values``."""
        return state

    def factors(
        self, t: NDArray[np.float64], span: Span, state: ScheduleState
    ) -> NDArray[np.float64]:
        """Return η(t)/η₀ for the updates ``t`` [steps], counted from 0."""
        raise NotImplementedError


class Regularization(Technique):
    """A penalty on the size of the kernels, added to the loss."""

    family: ClassVar[str] = "regularization"

    layers: Pattern | None = None
    """Only the kernels of the layers whose names match, such as ``hidden.*``; null is all."""

    def build(self, live: LiveValues) -> Callable[[list[tf.Tensor]], tf.Tensor]:
        """Return kernels → penalty, a scalar."""
        raise NotImplementedError


class Constraint(Technique):
    """A set into which each kernel is projected after every step."""

    family: ClassVar[str] = "constraint"

    layers: Pattern | None = None
    """Only the kernels of the layers whose names match, such as ``hidden.*``; null is all."""

    def build(self, live: LiveValues) -> Transform:
        """Return kernel → projected kernel, of the same shape."""
        raise NotImplementedError


class LabelSmoothing(Technique):
    """What is minimized in place of the cross-entropy with the labels as they are."""

    family: ClassVar[str] = "label smoothing"

    def build(self, live: LiveValues) -> Loss:
        """Return logits [B, classes] and labels [B] → losses [B]."""
        raise NotImplementedError


class Precision(Technique):
    """In which floating-point numbers the layers compute."""

    family: ClassVar[str] = "precision"

    def scaler(self) -> LossScaler | None:
        """Return what scales the loss, None where nothing needs to."""
        return None


class Augmentation(Technique):
    """A random change of a batch, only while training."""

    family: ClassVar[str] = "augmentation"

    @property
    def needs_images(self) -> bool:
        """Whether the examples must be images, [H, W] or [H, W, C]."""
        raise NotImplementedError

    def build(self, live: LiveValues) -> Augment:
        """Return what changes a batch."""
        raise NotImplementedError


class WeightAverage(Technique):
    """An average of the weights over the steps, used in place of the weights for evaluation."""

    family: ClassVar[str] = "weight average"

    def build(self, variables: list[tf.Variable], live: LiveValues) -> AveragedWeights:
        """Return the average of ``variables``."""
        raise NotImplementedError


class EarlyStopping(Technique):
    """When to stop waiting for a better validation metric; the best weights are restored."""

    family: ClassVar[str] = "early stopping"

    patience_epochs: Count = 10
    monitor: Monitor = "validation_loss"
    min_delta: NonNegative = 0.0
    """By how much a value must beat the best to count."""
    every_epochs: Count = 1

    def monitors(self, epoch: int, epochs: int) -> bool:
        """Return whether the metric is compared after ``epoch`` (from 1) of ``epochs``."""
        raise NotImplementedError

    def stops(self, best_epoch: int, epoch: int) -> bool:
        """Return whether to stop after ``epoch``, the best so far being ``best_epoch``."""
        raise NotImplementedError


class Source(Technique):
    """Weights that were learned before."""

    family: ClassVar[str] = "pretraining"

    def file(self, seed: int) -> Path | None:
        """Return the file that the weights are read from, if they are."""
        return None

    @property
    def task_changes(self) -> Mapping[str, Any] | None:
        """What another task, which is learned first, changes of the recipe; None without one."""
        return None


class Pretraining(Source):
    """A task that needs no class labels, or cheaper ones, and shares the hidden layers.

    It inherits the recipe's gradient clipping and precision and, unless it names its own, batch
    size and optimizer.  What regularizes the recipe's own task is not inherited, nor is its
    schedule: another objective is minimized.
    """

    epochs: HostOnly[Count]
    examples: HostOnly[Count | None] = None
    """Train on this many examples, labelled or not; null takes all but those that validate."""
    batch_size: HostOnly[Count | None] = None
    """Null takes that of the recipe; so for the optimizer."""
    optimizer: HostOnly[Chosen[Optimizer] | None] = None
    paired_rows: ClassVar[bool] = False
    """Whether rows 2n and 2n + 1 of a batch belong together."""

    def stages(self, model: Model) -> int:
        """Return in how many stages the hidden levels of a model are trained."""
        return 1

    def build(
        self, model: keras.Model, levels: list[keras.KerasTensor], stage: int, live: LiveValues
    ) -> keras.Model:
        """Return the network that ``stage`` (from 0) trains, made from layers of ``model``.

        ``levels`` are the outputs of the hidden levels of ``model``, the lowest first.

        Raises:
            ModelError: the model is no chain of layers.
        """
        raise NotImplementedError

    def objective(self, live: LiveValues) -> Objective:
        """Return what is minimized."""
        raise NotImplementedError
