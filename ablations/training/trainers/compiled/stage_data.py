"""The data of one stage: its splits, and the order in which each epoch visits the examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablations.data import catalog as data_catalog
from ablations.data.dataset import Dataset
from ablations.data.split import check_sizes, epoch_order, pair_order, split
from ablations.data.weights import example_weights
from ablations.training.stage import Stage
from ablations.training.trainers.compiled.evaluation import Split
from ablations.training.trainers.compiled.features import mapped


class StageData:
    """One data set, split by the run's seed."""

    def __init__(self, stage: Stage, seed: int, data_directory: Path | None) -> None:
        recipe, task = stage.recipe, stage.setup.pretraining
        self.dataset: Dataset = data_catalog.read(
            recipe.data.name, data_directory, recipe.data.classes, recipe.training.task
        )
        available = len(self.dataset.train_labels)
        check_sizes(recipe, available, self.dataset.input_shape, self.dataset.outputs)
        self._weights = example_weights(self.dataset, recipe.training.class_weights)
        self._seed, self._batch_size = seed, recipe.training.batch_size
        self._cached = stage.setup.cached
        self._paired = task is not None and task.paired_rows
        labels = self.dataset.train_labels
        self.train_rows, validation_rows = split(recipe.data, available, seed, labels)
        if self._paired:
            even = len(validation_rows) // 2 * 2
            validation_rows = self._pairs(validation_rows, even, epoch=0).ravel()
        self.validation = self._examples(validation_rows)
        self.updates_per_epoch = len(self.order(stage.first_epoch))

    def order(self, epoch: int) -> NDArray[np.int32]:
        """Return the rows of each batch of ``epoch`` (from 1), [steps, B].

        They count within the examples that train where the outputs of a frozen bottom are
        cached, else within the whole training data.
        """
        if self._paired:
            return self._pairs(self.train_rows, self._batch_size, epoch)
        positions = np.arange(len(self.train_rows), dtype=np.int32)
        order = epoch_order(positions, self._batch_size, self._seed, epoch)
        return order if self._cached else self.train_rows[order]

    @property
    def train_features(self) -> Any:
        """The features of the examples that train, as stored."""
        return mapped(lambda each: each[self.train_rows], self.dataset.train_features)

    def train_examples(self, count: int | None = None) -> Split:
        """Return the examples that train, or the first ``count`` of them."""
        return self._examples(self.train_rows[:count])

    def test_examples(self) -> Split:
        """Return the test split; only the end of a run may ask for it."""
        return Split.of(self.dataset.test_features, self.dataset.test_labels)

    def _examples(self, rows: NDArray[np.int32]) -> Split:
        features = mapped(lambda each: each[rows], self.dataset.train_features)
        weights = None if self._weights is None else self._weights[rows]
        return Split.of(features, self.dataset.train_labels[rows], weights)

    def _pairs(self, rows: NDArray[np.int32], batch_size: int, epoch: int) -> NDArray[np.int32]:
        return pair_order(rows, self.dataset.train_labels, batch_size, self._seed, epoch)
