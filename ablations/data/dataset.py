"""The one type that every data source becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what is known of a data set is asked for without NumPy
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class DataFacts:
    """What can be known of a data set without reading it whole."""

    name: str
    input_shape: tuple[int, ...]
    classes: int
    train_examples: int
    test_examples: int
    digest: str | None
    """Hash of the data's files; None where they are not here yet."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training and test examples, in memory as they came: pixels stay uint8.

    Shapes: features [N, *input_shape], labels [N] with values 0 … classes − 1.
    """

    name: str
    train_features: NDArray[np.generic]
    train_labels: NDArray[np.int32]
    test_features: NDArray[np.generic]
    test_labels: NDArray[np.int32]
    classes: int
    scale: float
    """What the graph multiplies the features by: 1/255 for pixels."""
    digest: str

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return tuple(self.train_features.shape[1:])
