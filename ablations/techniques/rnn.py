"""The recurrent network that reads an image row by row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from ablations.errors import ModelError
from ablations.study.frozen import problem
from ablations.study.model_families import Activation, Initializer, Model, Shape, one_input
from ablations.study.tasks import CLASSIFICATION, Task
from ablations.study.technique import Chosen, HostOnly, LiveValues
from ablations.techniques.layered import UNSEEDED, Widths, saturating

if TYPE_CHECKING:
    import keras

_GATES = {"simple": 1, "lstm": 4, "gru": 3}


class RNN(Model):
    """Recurrent layers over the rows of an image; the last state gives the logits.

    Cell ``simple``: h ← f(xW + hU + b), the state starting at 0, W by ``initializer``, U by
    ``recurrent_initializer``, b at 0.  ``lstm`` (Hochreiter and Schmidhuber 1997; the forget
    gate's bias starts at 1, Jozefowicz et al. 2015) and ``gru`` (Cho et al. 2014, with the reset
    gate behind the product, as in cuDNN) apply f to the candidate, the logistic function to gates.
    """

    name: Literal["rnn"] = "rnn"
    cell: Literal["simple", "lstm", "gru"] = "simple"
    hidden: Widths = (100,)
    """Units of each recurrent layer: a list, or ``{depth: 2, width: 100}``."""
    activation: Chosen[Activation] = Field("tanh", validate_default=True)
    initializer: HostOnly[Chosen[Initializer]] = Field("glorot_uniform", validate_default=True)
    recurrent_initializer: HostOnly[Chosen[Initializer]] = Field(
        "orthogonal", validate_default=True
    )

    @model_validator(mode="after")
    def _cell_can_apply(self) -> RNN:
        if not self.activation.is_a_function:
            raise problem(
                f"activation {self.activation.name} has weights or draws of its own; a recurrent "
                "cell wants one without, such as tanh, relu or elu"
            )
        return self

    def build(
        self,
        input_shape: Shape,
        outputs: int,
        live: LiveValues | None = None,
        task: Task = CLASSIFICATION,
    ) -> keras.Model:
        from ablations.techniques.keras import rnn

        def cell(width: int) -> keras.Layer:
            kernel, recurrent = (start.build(UNSEEDED) for start in self.initializers.values())
            return rnn.cell(self.cell, width, self.activation.function(), kernel, recurrent)

        kernel = self.initializer.build(UNSEEDED)
        shape = one_input(self, input_shape)
        rows = self.rows(shape)
        return rnn.build(cell, self.hidden, rows, shape, outputs, kernel)

    @property
    def initializers(self) -> Mapping[str, Initializer]:
        return {"kernel": self.initializer, "recurrent_kernel": self.recurrent_initializer}

    def parameters(self, input_shape: Shape, outputs: int, task: Task = CLASSIFICATION) -> int:
        _, fan_in = self.rows(one_input(self, input_shape))
        biases = 2 if self.cell == "gru" else 1  # a GRU has one on each side of its reset gate
        total = 0
        for width in self.hidden:
            total += _GATES[self.cell] * width * (fan_in + width + biases)
            fan_in = width
        return total + outputs * (fan_in + 1)

    @property
    def kernel_layers(self) -> tuple[str, ...]:
        return (*(f"hidden{number}/cell" for number in range(1, len(self.hidden) + 1)), "outputs")

    @property
    def levels(self) -> int:
        return len(self.hidden)

    def activations(self, model: keras.Model) -> dict[str, keras.KerasTensor]:
        names = (f"hidden{number}" for number in range(1, len(self.hidden) + 1))
        return {name: model.get_layer(name).output for name in names}

    @property
    def units_can_die(self) -> bool:
        return self.cell == "simple" and self.activation.can_die

    def saturation(self, model: keras.Model) -> dict[str, tuple[float, float]]:
        simple = self.cell == "simple"  # the others' outputs are no activation's
        return saturating(self.activations(model), self.activation) if simple else {}

    def rows(self, input_shape: tuple[int, ...]) -> tuple[int, int]:
        """Return the number of steps and what is read at each; channels join their row."""
        if len(input_shape) < 2:
            shape = list(input_shape)
            raise ModelError(f"rnn: wants images or sequences [steps, features], got {shape}")
        return input_shape[0], math.prod(input_shape[1:])
