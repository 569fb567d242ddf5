"""What the loss of each training example counts: sample weights times class weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ablations.data.dataset import Dataset
from ablations.errors import DataError

ClassWeights = Literal["balanced"] | Sequence[float] | None


def example_weights(data: Dataset, class_weights: ClassWeights) -> NDArray[np.float32] | None:
    """Return the weights of all training examples, [N]; None where all count alike.

    ``balanced`` weighs class c by N / (K · N_c), with N_c of N training examples in K classes,
    those that validate among them, so that it is the same for every seed (King and Zeng 2001).
    """
    if class_weights is None:
        return data.train_weights
    labels = data.train_labels
    if class_weights == "balanced":
        counts = np.bincount(labels, minlength=data.outputs)
        of_class = len(labels) / (data.outputs * np.maximum(counts, 1))
    else:
        of_class = np.asarray(class_weights, np.float64)
    weights: NDArray[np.float64] = of_class[labels]
    if data.train_weights is not None:
        weights *= data.train_weights
    return weights.astype(np.float32)


def check_class_weights(name: str, class_weights: ClassWeights, classes: int) -> None:
    """Refuse weights that are not one a class.

    Raises:
        DataError: says how many are wanted.
    """
    if isinstance(class_weights, tuple) and len(class_weights) != classes:
        raise DataError(
            f"data set {name}: training.class_weights wants a weight for each of {classes} "
            f"classes, got {len(class_weights)}"
        )
