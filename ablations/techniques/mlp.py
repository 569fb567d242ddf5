"""The multilayer perceptron."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from ablations.techniques.model import LayeredModel, Widths

if TYPE_CHECKING:
    import keras


class MLP(LayeredModel):
    """A multilayer perceptron: hidden1 … hiddenN, then outputs."""

    name: Literal["mlp"] = "mlp"
    hidden: Annotated[Widths, Field(examples=[[300, 100]])]
    """Units of each hidden layer: a list, or ``{depth: 20, width: 100}``."""

    def build(self, input_shape: tuple[int, ...], classes: int) -> keras.Model:
        import keras

        inputs, signal = self._inputs(input_shape)
        if len(input_shape) > 1:
            signal = keras.layers.Flatten(name="flatten")(signal)
        return keras.Model(inputs, self._dense_part(signal, self.hidden, classes), name="mlp")

    def parameters(self, input_shape: tuple[int, ...], classes: int) -> int:
        return self._dense_parameters(math.prod(input_shape), self.hidden, classes)

    @property
    def levels(self) -> int:
        return len(self.hidden)

    def activations(self, model: keras.Model) -> dict[str, Any]:
        numbers = range(1, len(self.hidden) + 1)
        return {f"hidden{n}": self._activation_of(model, str(n)) for n in numbers}
