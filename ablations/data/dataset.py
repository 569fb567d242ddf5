"""The one type that every data source becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from ablations.study.model_families import Shape

if TYPE_CHECKING:  # what is known of a data set is asked for without NumPy
    from numpy.typing import NDArray


Features: TypeAlias = "NDArray[Any] | Mapping[str, NDArray[Any]]"
"""One array [N, …], or several inputs by name."""


@dataclass(frozen=True)
class DataFacts:
    """What can be known of a data set without reading it whole."""

    name: str
    input_shape: Shape
    outputs: int
    """One a class, label or target; 0 where only reading them for a task tells."""
    train_examples: int
    test_examples: int
    digest: str | None
    """Hash of the data's files; None where they are not here yet."""
    values: str = ""
    """What a study's own features are, and whether they are scaled, in words."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training and test examples, in memory as they came: pixels stay uint8.

    Shapes: features [N, *input_shape], one array or several by name; labels [N] with values 0 …
    outputs − 1 for a classification, [N, outputs] for several labels and for targets.
    """

    name: str
    train_features: Features
    train_labels: NDArray[Any]
    test_features: Features
    test_labels: NDArray[Any]
    outputs: int
    """One a class, label or target; 0 where only reading them for a task tells."""
    scale: float | Mapping[str, float]
    """What the graph multiplies the features by: 1/255 for pixels; of several inputs, each."""
    digest: str
    train_weights: NDArray[Any] | None = None
    """What the loss of each training example counts, [N]; None where all count alike."""
    values: str = ""
    """What a study's own features are, and whether they are scaled, in words."""

    @property
    def input_shape(self) -> Shape:
        """The shape of one example; of several inputs, one by name."""
        features = self.train_features
        if isinstance(features, Mapping):
            return {name: tuple(each.shape[1:]) for name, each in features.items()}
        return tuple(features.shape[1:])
