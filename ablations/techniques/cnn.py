"""The small convolutional network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from ablations.errors import ModelError
from ablations.study.frozen import Count, problem
from ablations.study.model_families import Shape, one_input
from ablations.study.tasks import CLASSIFICATION, Task
from ablations.study.technique import LiveValues
from ablations.techniques.layered import LayeredModel, Widths

if TYPE_CHECKING:
    import keras


class CNN(LayeredModel):
    """Convolutions with pooling: convolution1, pool1, …, then hidden1 … hiddenN, then outputs.

    Each convolution keeps the image's size (padding by zeros); max-pooling then divides it by
    ``pool``, what fills no whole pool being dropped.  A filter counts as a unit: it has one bias,
    one scale, one slope.  Layer normalization is over the filters of one place.
    """

    name: Literal["cnn"] = "cnn"
    filters: Widths = (16, 32)
    """Filters of each convolution: a list, or ``{depth: 3, width: 16}``."""
    kernel_size: Count = 3
    """Rows and columns that a filter reads."""
    pool: Count = 2
    """Rows and columns that become one; 1 is no pooling."""
    hidden: Widths = (64,)
    """Units of each dense hidden layer behind them; dropout is on these."""

    @model_validator(mode="after")
    def _kernels_can_start(self) -> CNN:
        if self.initializer.name == "identity":
            raise problem("initializer identity fills matrices only; wants another for a cnn")
        return self

    def build(
        self,
        input_shape: Shape,
        outputs: int,
        live: LiveValues | None = None,
        task: Task = CLASSIFICATION,
    ) -> keras.Model:
        from ablations.techniques.keras.cnn import Convolutions, build

        shape = one_input(self, input_shape)
        image = self.image(shape)
        convolutions = Convolutions(image, self.filters, self.kernel_size, self.pool)
        return build(self, convolutions, self.hidden, shape, outputs, live)

    def parameters(self, input_shape: Shape, outputs: int, task: Task = CLASSIFICATION) -> int:
        rows, columns, channels = self.image(one_input(self, input_shape))
        total = 0
        for filters in self.filters:
            total += filters * (self.kernel_size**2 * channels + self.extras_per_unit)
            rows, columns, channels = rows // self.pool, columns // self.pool, filters
        return total + self.dense_parameters(rows * columns * channels, self.hidden, outputs)

    @property
    def convolutions(self) -> tuple[str, ...]:
        """The names of the convolutions."""
        return tuple(f"convolution{number}" for number in range(1, len(self.filters) + 1))

    @property
    def kernel_layers(self) -> tuple[str, ...]:
        return (*self.convolutions, *self.dense_layers, "outputs")

    @property
    def levels(self) -> int:
        return len(self.filters) + len(self.hidden)

    def activations(self, model: keras.Model) -> dict[str, keras.KerasTensor]:
        found = {name: self.activation_of(model, f"_{name}") for name in self.convolutions}
        dense = enumerate(self.dense_layers, start=1)
        return found | {name: self.activation_of(model, str(number)) for number, name in dense}

    def image(self, input_shape: tuple[int, ...]) -> tuple[int, int, int]:
        """Return rows, columns and channels.

        Raises:
            ModelError: the inputs are no images, or too small to be pooled so often.
        """
        if len(input_shape) not in (2, 3):
            shape = list(input_shape)
            raise ModelError(f"cnn: wants images [rows, columns] or with channels, got {shape}")
        rows, columns, *channels = input_shape
        if min(rows, columns) // self.pool ** len(self.filters) < 1:
            raise ModelError(
                f"cnn: {len(self.filters)} poolings by {self.pool} leave nothing of images of "
                f"{rows} × {columns}; wants fewer filters in the list, or pool: 1"
            )
        return rows, columns, channels[0] if channels else 1
