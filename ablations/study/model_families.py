"""What the families of techniques inside a network promise, and the network itself.

A declaration (``ablations.techniques``) fixes a name and parameters; what it promises here is
built in ``ablations.techniques.keras``.  ``families`` has those of training.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from ablations.errors import ModelError
from ablations.study.protocols import Transform
from ablations.study.tasks import CLASSIFICATION, Task
from ablations.study.technique import LiveValues, Technique

if TYPE_CHECKING:
    import keras


Shape: TypeAlias = "tuple[int, ...] | Mapping[str, tuple[int, ...]]"
"""The shape of one example; of several inputs, one by name."""


class Activation(Technique):
    """An elementwise function of a unit's weighted sum."""

    family: ClassVar[str] = "activation"
    can_die: ClassVar[bool] = False
    """Whether a unit can be stuck at zero, where its gradient is zero too."""
    saturates: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    """See ``saturation``, where no parameter moves it."""
    weights_per_unit: ClassVar[int] = 0
    is_a_function: ClassVar[bool] = True
    """Of its argument alone, without weights or random draws: what a recurrent cell can apply."""

    @property
    def saturation(self) -> tuple[float, float]:
        """Outputs at or beyond which it saturates: its slope is at most 5% of its greatest.

        Infinite on a side where it never does, or where its output does not tell.
        """
        return self.saturates

    def layer(self, name: str, shared_axes: Sequence[int] = ()) -> keras.Layer:
        """Return the layer that applies the activation elementwise; shapes stay as they are.

        Where a unit has a weight, it is shared along ``shared_axes``: the places of a feature map.
        """
        raise NotImplementedError

    def function(self) -> Transform:
        """Return the activation as a function of tensors."""
        raise NotImplementedError


class Initializer(Technique):
    """Where the weights start."""

    family: ClassVar[str] = "initializer"

    def build(self, seed: int) -> keras.initializers.Initializer:
        """Return the Keras initializer; the same seed and shape give the same draws."""
        raise NotImplementedError


class Normalization(Technique):
    """A layer that normalizes weighted sums or activations."""

    family: ClassVar[str] = "normalization"

    position: Literal["before", "after"] = "before"
    """Before the activation, where it also replaces the dense layer's bias, or after it."""
    on_logits: bool = False
    """Normalize the outputs too."""

    @property
    def has_scale(self) -> bool:
        """Whether each unit has a learned scale γ."""
        raise NotImplementedError

    def layer(self, name: str, live: LiveValues) -> keras.Layer:
        """Return the Keras layer."""
        raise NotImplementedError


def one_input(model: Model, shape: Shape) -> tuple[int, ...]:
    """Return the shape of the one input that a model reads.

    Raises:
        ModelError: there are several.
    """
    if isinstance(shape, Mapping):
        raise ModelError(
            f"{model.name}: reads one input, the data has {', '.join(shape)}; wants model: "
            "python:module.function, whose inputs have these names"
        )
    return shape


class Model(Technique):
    """A network from inputs of one shape to one output a class, a label or a target.

    The output for a class or a label is its logit.
    """

    family: ClassVar[str] = "model"
    needs_building: ClassVar[bool] = False
    """Whether only a built model tells its parameters, as a user's own code does."""

    def build(
        self,
        input_shape: Shape,
        outputs: int,
        live: LiveValues | None = None,
        task: Task = CLASSIFICATION,
    ) -> keras.Model:
        """Return a Keras model: inputs [B, *input_shape] in float32 to [B, outputs].

        ``live`` holds variables for live fields; without it their values are built in.

        Raises:
            ModelError: it cannot read inputs of this shape.
        """
        raise NotImplementedError

    def parameters(self, input_shape: Shape, outputs: int, task: Task = CLASSIFICATION) -> int:
        """Return how many trainable numbers the model has; see ``needs_building``.

        Raises:
            ModelError: it cannot read inputs of this shape.
        """
        raise NotImplementedError

    def activations(self, model: keras.Model) -> dict[str, keras.KerasTensor]:
        """Return layer name → symbolic output of its activation, for histograms."""
        raise NotImplementedError

    @property
    def initializers(self) -> Mapping[str, Initializer]:
        """Name of a weight, such as ``kernel`` → how it starts in all layers; others as built."""
        return {}

    @property
    def test_samples(self) -> int | None:
        """Over how many random passes the predictions on the test split are averaged, if so."""
        return None

    @property
    def kernel_layers(self) -> tuple[str, ...] | None:
        """The names of the layers that have a kernel; None where only a built model tells."""
        return None

    @property
    def levels(self) -> int:
        """How many hidden levels there are, as many as ``activations``.

        Raises:
            ModelError: only a built model tells.
        """
        raise ModelError(f"model {self.name}: its hidden levels are not known before it is built")

    @property
    def units_can_die(self) -> bool:
        """Whether a hidden unit can be stuck at zero."""
        raise NotImplementedError

    def saturation(self, model: keras.Model) -> Mapping[str, tuple[float, float]]:
        """Return layer name → outputs at or beyond which its units saturate.

        Of the layers of ``activations`` whose units do; see ``Activation.saturation``.
        """
        return {}
