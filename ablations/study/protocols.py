"""What builders of techniques return: functions of tensors, and objects that keep state.

Shapes: B batch, N things that a batch holds (examples, or pairs).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import tensorflow as tf

Transform: TypeAlias = "Callable[[tf.Tensor], tf.Tensor]"
Augment: TypeAlias = "Callable[[tf.Tensor, tf.Tensor, Transform], tf.Tensor]"
"""Features [B, …], a seed [2], int32, and what standardizes features → changed features of the
same shape, standardized.  The same seed gives the same draws."""
Loss: TypeAlias = "Callable[[tf.Tensor, tf.Tensor], tf.Tensor]"
"""Outputs [B, …] and labels [B] → losses [N] of the N things that the batch holds."""
Objective: TypeAlias = "Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]"
"""Outputs [B, …] and labels [B, …] → losses [N] and scores [N]: of a classification 1 where a
prediction is correct and 0 where it is not, of other tasks the score that ``tasks.py`` names; NaN
where nothing is predicted."""


class BuiltMeasure(Protocol):
    """A metric of predictions, taken in chunk by chunk."""

    def prepare(self, shape: tuple[int, ...]) -> None:
        """Create its variables, which a traced function could not, for outputs [B, *shape]."""

    def reset(self) -> None:
        """Begin a split."""

    def update(self, labels: tf.Tensor, outputs: tf.Tensor) -> None:
        """Take in labels and outputs of some examples."""

    def result(self) -> float:
        """Return the metric of all examples since ``reset``."""


class Stateful(Protocol):
    """What keeps variables of its own from step to step."""

    @property
    def state(self) -> list[tf.Variable]:
        """All that a resumed training needs."""

    def reset(self) -> None:
        """Set the state to where a training starts, the weights being set already."""


class Clipper(Stateful, Protocol):
    """A clipping rule bound to the weights of one network."""

    def clip(self, gradients: list[tf.Tensor]) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Return the clipped gradients and whether any was changed, a boolean scalar."""


class LossScaler(Stateful, Protocol):
    """A factor of the loss, so that gradients in float16 neither vanish nor overflow."""

    scale: tf.Variable
    """The factor, a float32."""

    def scaled(self, loss: tf.Tensor) -> tf.Tensor:
        """Return what gradients are taken of."""

    def unscaled(self, gradients: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Return the gradients of the loss itself, in float32."""

    def update(self, finite: tf.Tensor) -> None:
        """Change the scale after a step, whose gradients were finite or not."""


class AveragedWeights(Stateful, Protocol):
    """A running average of some variables."""

    variables: list[tf.Variable]

    def update(self, updates: tf.Tensor) -> None:
        """Include the variables' values; ``updates`` counts the updates, this one included."""

    def averages(self) -> list[tf.Tensor]:
        """Return the averages, in the order and the shapes of the variables."""


ScheduleState = Mapping[str, float]
"""What a schedule remembers from epoch to epoch, plain numbers that a checkpoint can hold."""


class Span(Protocol):
    """How long a training is."""

    @property
    def steps_per_epoch(self) -> int:
        """Updates in one epoch."""

    @property
    def updates(self) -> int:
        """All updates of the training."""
