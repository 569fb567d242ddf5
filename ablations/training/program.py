"""A traced program: model, optimizer and compiled functions, shared by all seeds of an arm.

Tracing costs about a second, resetting variables a few milliseconds.  So a program is built once
for everything that shapes its graph, and ``reset`` gives it the state of another run.
"""

from __future__ import annotations

import gc
import json
import re
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablations.data.dataset import Dataset
from ablations.study.schema import Recipe
from ablations.techniques.model import Model
from ablations.training.evaluation import Evaluation, Split
from ablations.training.initialize import initialize, named_layers
from ablations.training.loop import EpochLoop
from ablations.training.observe import Observer

ZERO_WEIGHT = 1e-6  # a weight smaller than this counts as zero
KEPT_PROGRAMS = 2


class Program:
    """Everything that is traced once for a recipe's structure and a data set."""

    def __init__(self, recipe: Recipe, dataset: Dataset) -> None:
        technique: Model = recipe.model
        self._build = partial(technique.build, dataset.input_shape, dataset.classes)
        self.model = self._build()
        self.optimizer = recipe.training.optimizer.build()
        self.optimizer.build(self.model.trainable_variables)
        self._optimizer_start = [self._start_of(slot) for slot in self.optimizer.variables]
        variables = [variable.value for variable in self.model.trainable_variables]
        average = recipe.training.weight_average
        self.average = average.build(variables) if average is not None else None
        features, labels = _on_device(dataset)
        weights = _kernels(self.model)
        recorded = recipe.telemetry.histograms_every_epochs > 0
        self.loop = EpochLoop(
            self.model,
            self.optimizer,
            recipe.training,
            self.average,
            list(weights.values()) if recorded else [],
            (features, labels, dataset.scale),
        )
        self.histogram_layers = list(weights) if recorded else []
        self.evaluation = Evaluation(self.model, dataset.scale)
        self.observer = Observer(
            self.model, technique.activations(self.model), weights, dataset.scale
        )
        self._kernels = list(weights.values())
        self.graph = b""

    def trace(self, recipe: Recipe, validation: Split, probe: tf.Tensor) -> None:
        """Trace all functions now, so that compiling can be told from training."""
        self.loop.trace(recipe.training.batch_size)
        self.evaluation.trace(validation)
        if self.histogram_layers:  # else nobody looks
            self.observer.trace(probe)
        self.graph = self.evaluation.graph(validation)

    def reset(self, recipe: Recipe, seed: int) -> None:
        """Take on the state that a run of this recipe and seed starts from."""
        initialize(self.model, seed, self._build)
        for slot, start in zip(self.optimizer.variables, self._optimizer_start, strict=True):
            slot.assign(start)
        if self.average is not None:
            self.average.reset()

    def _start_of(self, slot: keras.Variable) -> NDArray[Any] | keras.Variable:
        """Return what an optimizer's variable starts from: a constant, or the weights it copied."""
        value = slot.numpy()
        for weight in self.model.trainable_variables if np.ptp(value) > 0 else ():
            if weight.shape == slot.shape and np.array_equal(weight.numpy(), value):
                return weight
        return value

    @property
    def parameters(self) -> int:
        """How many trainable numbers the model has."""
        return sum(int(np.prod(variable.shape)) for variable in self.model.trainable_variables)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the last step."""
        return float(self.optimizer.learning_rate.numpy())

    @property
    def weights(self) -> list[tf.Variable]:
        """All variables that a test depends on: the model's and the average's."""
        average = [] if self.average is None else self.average.state
        return [*(variable.value for variable in self.model.variables), *average]

    @contextmanager
    def averaged_weights(self) -> Iterator[None]:
        """Put the averages in place of the weights; the weights come back bit for bit."""
        if self.average is None:
            yield
            return
        variables = self.average.variables
        raw = [tf.identity(variable) for variable in variables]
        _assign(variables, self.average.averages())
        try:
            yield
        finally:
            _assign(variables, raw)

    def weight_sparsity(self) -> float:
        """Return the share of the kernels' weights that are zero."""
        kernels = [kernel.numpy() for kernel in self._kernels]
        zeros = sum(int((np.abs(kernel) < ZERO_WEIGHT).sum()) for kernel in kernels)
        return zeros / sum(int(kernel.size) for kernel in kernels)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return all variables by name: the model's, the optimizer's, the average's."""
        named = {f"model/{n}/{_steady(v.path)}": v for n, v in enumerate(self.model.variables)}
        for number, variable in enumerate(self.optimizer.variables):
            of_optimizer = variable.path.partition("/")[2] or variable.path
            named[f"optimizer/{number}/{_steady(of_optimizer)}"] = variable
        if self.average is not None:
            named |= {f"average/{number}": v for number, v in enumerate(self.average.state)}
        return {name: variable.numpy() for name, variable in named.items()}


class Programs:
    """The programs a process keeps; the least recently used one goes first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Program] = OrderedDict()

    def get(self, recipe: Recipe, dataset: Dataset) -> tuple[Program, bool]:
        """Return the program for a recipe, and whether it is new and still to be traced."""
        key = program_key(recipe, dataset)
        new = key not in self._kept
        if new:
            while len(self._kept) >= KEPT_PROGRAMS:
                self._kept.popitem(last=False)
                gc.collect()  # a program is full of cycles around graphs that Python cannot see
            self._kept[key] = Program(recipe, dataset)
        self._kept.move_to_end(key)
        return self._kept[key], new


def program_key(recipe: Recipe, dataset: Dataset) -> str:
    """Return what shapes a program: equal keys, equal graphs."""
    settings = recipe.settings()
    training = settings["training"]
    for never_in_the_graph in ("epochs", "schedule", "early_stopping", "keep_checkpoint"):
        del training[never_in_the_graph]
    del training["optimizer"]["learning_rate"]
    recorded = recipe.telemetry.histograms_every_epochs > 0
    return json.dumps([settings["model"], training, recorded, dataset.digest], sort_keys=True)


@lru_cache(maxsize=2)
def _on_device(dataset: Dataset) -> tuple[tf.Tensor, tf.Tensor]:
    """Return all training features and labels as tensors, once a data set."""
    return tf.constant(dataset.train_features), tf.constant(dataset.train_labels)


def _kernels(model: keras.Model) -> dict[str, tf.Variable]:
    """Return layer name → its weight matrix."""
    named = {}
    for name, layer in named_layers(model):
        for variable in layer._trainable_variables:
            slopes = variable.name == "alpha"  # of PReLU, shaped like a feature map
            if len(variable.shape) >= 2 and variable.trainable and not slopes:
                kernel = variable.name == "kernel"
                named[name if kernel else f"{name}/{variable.name}"] = variable.value
    return named


def _steady(path: str) -> str:
    """Take off the numbers that Keras counts through the process, so that names stay the same."""
    return re.sub(r"\b(seed_generator|variable)_\d+\b", r"\1", path)


def _assign(variables: list[tf.Variable], values: list[tf.Tensor]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
