"""Some classes of a data set, as a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ablations.data.dataset import Dataset, Features
from ablations.errors import DataError


def only(whole: Dataset, classes: tuple[int, ...], digest: str) -> Dataset:
    """Return the examples of the named classes; the first is labelled 0, the second 1, and so on.

    Raises:
        DataError: there is no such class.
    """
    for wanted in classes:
        if wanted >= whole.outputs:
            raise DataError(
                f"data set {whole.name}: has no class {wanted}; wants classes from 0 to "
                f"{whole.outputs - 1}"
            )
    label_of = np.full(whole.outputs, -1, np.int32)
    label_of[list(classes)] = np.arange(len(classes))
    train, test = label_of[whole.train_labels], label_of[whole.test_labels]
    return replace(
        whole,
        train_features=_of(whole.train_features, train >= 0),
        train_labels=train[train >= 0],
        test_features=_of(whole.test_features, test >= 0),
        test_labels=test[test >= 0],
        outputs=len(classes),
        train_weights=None if whole.train_weights is None else whole.train_weights[train >= 0],
        digest=digest,
    )


def _of(features: Features, rows: NDArray[np.bool_]) -> Features:
    if isinstance(features, Mapping):
        return {name: each[rows] for name, each in features.items()}
    return features[rows]
