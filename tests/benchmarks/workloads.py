"""The three networks of the benchmark, each as ours, as plain Keras and as bare products."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from ablations.data import catalog
from ablations.data.dataset import Dataset
from ablations.execution.catalog import CATALOG
from ablations.study.recipe import Recipe

EXAMPLES = 10_000
CLASSES = 10


@dataclass(frozen=True)
class Workload:
    """One network on one data set."""

    name: str
    hidden: tuple[int, ...]
    batch_size: int
    normalized: bool
    digits: bool
    goals: dict[str, float]

    def recipe(self, recorded: bool = True) -> Recipe:
        """Return our recipe."""
        model: dict[str, Any] = {"hidden": list(self.hidden), "activation": "elu"}
        if self.normalized:
            model["normalization"] = "batch_norm"
        settings = {
            "data": {"name": "digits"},
            "model": {**model, "initializer": "he_normal"},
            "training": {
                "batch_size": self.batch_size,
                "epochs": 1,
                "optimizer": {"name": "sgd", "learning_rate": 0.01},
            },
            "telemetry": {"histograms_every_epochs": None if recorded else 0},
        }
        return Recipe.model_validate(settings, context={"catalog": CATALOG})

    def data(self) -> Dataset:
        """Return digits, or random images of MNIST's size: the values do not change the time."""
        if self.digits:
            found = catalog.read("digits", None)
            return _whole(found)
        draw = np.random.default_rng(0)
        pixels = draw.integers(0, 256, (EXAMPLES, 784), np.uint8)
        labels = draw.integers(0, CLASSES, EXAMPLES).astype(np.int32)
        return Dataset(
            self.name, pixels, labels, pixels[:100], labels[:100], CLASSES, 1 / 255, self.name
        )

    def layer_sizes(self) -> list[tuple[int, int]]:
        """Return fan-in and fan-out of each dense layer."""
        sizes = [64 if self.digits else 784, *self.hidden, CLASSES]
        return list(itertools.pairwise(sizes))


def _whole(found: Dataset) -> Dataset:
    """Return all 1,797 digits as training data."""
    pixels = np.concatenate([found.train_features, found.test_features]).reshape(-1, 64)
    labels = np.concatenate([found.train_labels, found.test_labels])
    return Dataset("digits", pixels, labels, pixels[:9], labels[:9], CLASSES, 1 / 16, "whole")


WORKLOADS = (
    Workload("digits", (300, 100), 32, True, True, {"fit": 11.0}),
    Workload("MNIST-sized", (300, 100), 50, False, False, {"fit": 4.0, "products": 1.25}),
    Workload("deep", (100,) * 20, 50, False, False, {"fit": 3.0}),
)
