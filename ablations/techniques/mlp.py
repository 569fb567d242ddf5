"""The multilayer perceptron."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ablations.study.model_families import Shape, one_input
from ablations.study.tasks import CLASSIFICATION, Task
from ablations.study.technique import LiveValues
from ablations.techniques.layered import LayeredModel, Widths

if TYPE_CHECKING:
    import keras


class MLP(LayeredModel):
    """A multilayer perceptron: hidden1 … hiddenN, then outputs."""

    name: Literal["mlp"] = "mlp"
    hidden: Annotated[Widths, Field(examples=[[300, 100]])]
    """Units of each hidden layer: a list, or ``{depth: 20, width: 100}``."""

    def build(
        self,
        input_shape: Shape,
        outputs: int,
        live: LiveValues | None = None,
        task: Task = CLASSIFICATION,
    ) -> keras.Model:
        from ablations.techniques.keras.mlp import build

        return build(self, self.hidden, one_input(self, input_shape), outputs, live)

    def parameters(self, input_shape: Shape, outputs: int, task: Task = CLASSIFICATION) -> int:
        return self.dense_parameters(math.prod(one_input(self, input_shape)), self.hidden, outputs)

    @property
    def kernel_layers(self) -> tuple[str, ...]:
        return (*self.dense_layers, "outputs")

    @property
    def levels(self) -> int:
        return len(self.hidden)

    def activations(self, model: keras.Model) -> dict[str, keras.KerasTensor]:
        names = enumerate(self.dense_layers, start=1)
        return {name: self.activation_of(model, str(number)) for number, name in names}
