"""Labels as a task reads them; where they do not fit, the line names the task that would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablations.data.dataset import Dataset
from ablations.errors import DataError
from ablations.study.tasks import CLASSIFICATION, REGRESSION, SEVERAL_LABELS, Task

Array = NDArray[Any]


class LabelsError(DataError):
    """Labels are of another task than the one that is learned."""

    def __init__(self, message: str, fits: Task | None) -> None:
        super().__init__(message)
        self.fits = fits
        """The task that such labels are of; None where that is the one that is learned."""


def fitted(data: Dataset, task: Task) -> Dataset:
    """Return a data set whose labels are those of a task.

    Classes are int32 [N], several labels float32 [N, K], targets float32 [N, T].

    Raises:
        LabelsError: the labels are of another task.
        DataError: they are of none.
    """
    if task is CLASSIFICATION and data.outputs and data.train_labels.dtype == np.int32:
        return data
    read = _READERS[task.kind]
    train, test = read(data, "y_train", data.train_labels), read(data, "y_test", data.test_labels)
    if train.shape[1:] != test.shape[1:]:
        raise DataError(
            f"{data.name}: y_train {_shown(train)} and y_test {_shown(test)} do not fit"
        )
    outputs = _classes(data, train, test) if task is CLASSIFICATION else train.shape[1]
    return replace(data, train_labels=train, test_labels=test, outputs=outputs)


def _whole_labels(data: Dataset, key: str, labels: Array) -> Array:
    flat = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if flat.ndim != 1:
        raise _misfit(data, key, labels, CLASSIFICATION)
    wrong = flat[~((flat >= 0) & (flat < 2**31) & (flat == np.floor(flat)))]
    if len(wrong):
        message = f"{data.name}: {key} wants whole labels from 0 on, got {wrong[0]}"
        raise LabelsError(message, _other_task(labels, CLASSIFICATION))
    return flat.astype(np.int32)


def _zeros_and_ones(data: Dataset, key: str, labels: Array) -> Array:
    table = labels[:, None] if labels.ndim == 1 else labels
    if not np.isin(table, (0, 1)).all():
        raise _misfit(data, key, labels, SEVERAL_LABELS)
    return table.astype(np.float32)


def _targets(data: Dataset, key: str, labels: Array) -> Array:
    table = (labels[:, None] if labels.ndim == 1 else labels).astype(np.float32)
    if not np.isfinite(table).all():
        row = int(np.argwhere(~np.isfinite(table))[0][0])
        raise DataError(f"{data.name}: {key} holds a number that is not finite, first in row {row}")
    return table


_READERS: Mapping[str, Callable[[Dataset, str, Array], Array]] = {
    CLASSIFICATION.kind: _whole_labels,
    SEVERAL_LABELS.kind: _zeros_and_ones,
    REGRESSION.kind: _targets,
}


def _classes(data: Dataset, train: Array, test: Array) -> int:
    found = np.unique(train)
    classes = len(found)
    if classes < 2 or found[-1] != classes - 1 or test.max() >= classes:
        shown = ", ".join(map(str, found[:12])) + (", …" if classes > 12 else "")
        fits = _other_task(data.train_labels, CLASSIFICATION) if classes > 12 else None
        raise LabelsError(
            f"{data.name}: wants labels 0 to k − 1 for k ≥ 2 classes, each among the training "
            f"examples; got {shown} there and up to {test.max()} for testing",
            fits,
        )
    return classes


def _misfit(data: Dataset, key: str, labels: Array, task: Task) -> LabelsError:
    message = f"{data.name}: {key} wants {task.labels} for a {task.title}, got {_shown(labels)}"
    if task is CLASSIFICATION and _is_one_hot(labels):
        return LabelsError(f"{message}, one-hot; {key}.argmax(axis=1) holds whole labels", None)
    return LabelsError(message, _other_task(labels, task))


def _is_one_hot(labels: Array) -> bool:
    alike = labels.ndim == 2 and labels.shape[1] > 1 and np.isin(labels, (0, 1)).all()
    return bool(alike and (labels.sum(axis=1) == 1).all())


def _other_task(labels: Array, task: Task) -> Task | None:
    """Return the task that such labels are of, if that is another."""
    fits = _task_of(labels)
    return None if fits is task else fits


def _task_of(labels: Array) -> Task:
    table = labels[:, None] if labels.ndim == 1 else labels
    if table.shape[1] > 1:
        return SEVERAL_LABELS if np.isin(table, (0, 1)).all() else REGRESSION
    found = np.unique(table)
    whole = len(found) > 1 and np.array_equal(found, np.arange(len(found)))
    return CLASSIFICATION if whole else REGRESSION


def _shown(array: Array) -> str:
    return f"{list(array.shape)} in {array.dtype}"
