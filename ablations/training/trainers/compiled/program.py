"""A traced program: model, optimizer and compiled functions, shared by all seeds of an arm.

Tracing costs about a second, resetting variables a few milliseconds.  So a program is built once
for everything that shapes its graph, and ``reset`` gives it the state of another run.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablations.data.dataset import Dataset
from ablations.study.recipe import Recipe
from ablations.techniques.model import Model
from ablations.training.checkpoint import UnusableError
from ablations.training.runtime import forget_custom_gradients, free_dropped_programs
from ablations.training.stage import ALL, WHOLE, Part
from ablations.training.trainers.compiled.evaluation import Evaluation, FrozenOutputs, Split
from ablations.training.trainers.compiled.initialize import initialize, named_layers
from ablations.training.trainers.compiled.loop import EpochLoop
from ablations.training.trainers.compiled.network import Network, assemble
from ablations.training.trainers.compiled.numbers import Numbers, shape_of
from ablations.training.trainers.compiled.observe import Observer
from ablations.training.trainers.compiled.weights import Weights, reuse

ZERO_WEIGHT = 1e-6  # a weight smaller than this counts as zero
KEPT_PROGRAMS = 2


class Program:
    """Everything that is traced once for a recipe's structure and a data set."""

    def __init__(self, recipe: Recipe, dataset: Dataset, part: Part = WHOLE) -> None:
        technique: Model = recipe.model
        self._build = partial(
            assemble, shape=dataset.input_shape, classes=dataset.classes, part=part
        )
        self._networks: dict[str, Network] = {}
        network = self._like(technique)
        self.model, self.classifier = network.model, network.classifier
        trained = network.trained
        self.parameters = network.parameters
        self.numbers = Numbers(recipe.training)
        training = self.numbers.training
        self.optimizer = training.optimizer.build()
        self.optimizer.build(trained.trainable_variables)
        self._optimizer_start = [self._start_of(slot) for slot in self.optimizer.variables]
        variables = [variable.value for variable in trained.trainable_variables]
        average = training.weight_average
        self.average = average.build(variables) if average is not None else None
        recorded = recipe.telemetry.records
        measured = _kernels(self.model, only_trainable=True) if recorded else {}
        self.evaluation = self.monitor = Evaluation(self.classifier, dataset.scale)
        data, self.cache = (*_on_device(dataset), dataset.scale), None
        if network.bottom is not None:
            self.cache = FrozenOutputs(network.bottom, dataset.scale)
            data = (self.cache.features, self.cache.labels, 1.0)
            self.monitor = Evaluation(trained, 1.0)
        elif part.pretraining is not None:
            self.monitor = Evaluation(trained, dataset.scale, network.objective)
        self.loop = EpochLoop(
            trained,
            self.optimizer,
            training,
            self.average,
            list(measured.values()),
            data,
            network.objective,
            part.rows_per_step(training.batch_size),
        )
        self.histogram_layers = list(measured)
        weights = _kernels(self.classifier)
        self.observer = Observer(
            self.classifier, technique.activations(self.classifier), weights, dataset.scale
        )
        self._kernels = list(weights.values())
        self.graph = b""

    def trace(self, validation: Split, probe: tf.Tensor) -> None:
        """Trace all functions now, so that compiling can be told from training."""
        self.loop.trace()
        self.monitor.trace(self.monitored(validation))
        if self.histogram_layers:  # else nobody looks
            self.observer.trace(probe)
        self.graph = self.evaluation.graph(validation)
        forget_custom_gradients()

    def monitored(self, validation: Split) -> Split:
        """Return the validation split as ``monitor`` reads it."""
        return validation if self.cache is None else self.cache.of(validation)

    def reset(
        self, recipe: Recipe, seed: int, weights: Weights | None = None, pattern: str = ALL
    ) -> None:
        """Take on the numbers and the state that a run of this recipe and seed starts from.

        Layers that match ``pattern`` start from ``weights``, where those have such a layer.
        """
        technique = recipe.model
        like = self._like(technique)  # ours, or one that differs in starts and live numbers alone
        initialize(
            self.classifier, seed, lambda: self._build(technique).classifier, like.classifier
        )
        if self.model is not self.classifier:
            initialize(self.model, seed, lambda: self._build(technique).model, like.model)
        self.numbers.assign(recipe.training)
        if weights:
            reuse(self.model, weights, pattern)
        for slot, start in zip(self.optimizer.variables, self._optimizer_start, strict=True):
            slot.assign(start)
        if self.average is not None:
            self.average.reset()

    def _like(self, technique: Model) -> Network:
        name = technique.model_dump_json()
        if name not in self._networks:
            self._networks[name] = self._build(technique)
        return self._networks[name]

    def _start_of(self, slot: keras.Variable) -> NDArray[Any] | keras.Variable:
        """Return what an optimizer's variable starts from: a constant, or the weights it copied."""
        value = slot.numpy()
        for weight in self.model.trainable_variables if np.ptp(value) > 0 else ():
            if weight.shape == slot.shape and np.array_equal(weight.numpy(), value):
                return weight
        return value

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
        """Return the share of the classifier's kernels' weights that are zero."""
        kernels = [kernel.numpy() for kernel in self._kernels]
        zeros = sum(int((np.abs(kernel) < ZERO_WEIGHT).sum()) for kernel in kernels)
        return zeros / sum(int(kernel.size) for kernel in kernels)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the values of all variables by name."""
        return {name: variable.numpy() for name, variable in self._variables().items()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take on a state that ``state`` returned.

        Raises:
            UnusableError: it is of another architecture; nothing was changed.
        """
        variables = self._variables()
        if odd := sorted(variables.keys() ^ state.keys()):
            raise UnusableError(f"it is of another architecture: {odd[0]} is not in both")
        for name, variable in variables.items():
            if (got := state[name].shape) != tuple(variable.shape):
                shapes = f"{got}, not {tuple(variable.shape)}"
                raise UnusableError(f"it is of another architecture: {name} is {shapes}")
        for name, variable in variables.items():
            variable.assign(state[name])

    def _variables(self) -> dict[str, tf.Variable | keras.Variable]:
        """Return all variables by name: the model's, the optimizer's, the average's."""
        named = {f"model/{n}/{_steady(v.path)}": v for n, v in enumerate(self.model.variables)}
        for number, variable in enumerate(self.optimizer.variables):
            of_optimizer = variable.path.partition("/")[2] or variable.path
            named[f"optimizer/{number}/{_steady(of_optimizer)}"] = variable
        if self.average is not None:
            named |= {f"average/{number}": v for number, v in enumerate(self.average.state)}
        return named


class Programs:
    """The programs a process keeps; the least recently used one goes first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Program] = OrderedDict()
        self._room = KEPT_PROGRAMS

    def make_room(self, stages: int) -> None:
        """Keep as many programs as a run has stages, so that its next seed finds them all."""
        self._room = max(KEPT_PROGRAMS, stages)

    def get(self, recipe: Recipe, dataset: Dataset, part: Part = WHOLE) -> tuple[Program, bool]:
        """Return the program for a recipe, and whether it is new and still to be traced."""
        key = program_key(recipe, dataset, part)
        new = key not in self._kept
        if new:
            if len(self._kept) >= self._room:
                while len(self._kept) >= self._room:
                    self._kept.popitem(last=False)
                free_dropped_programs()
            self._kept[key] = Program(recipe, dataset, part)
        self._kept.move_to_end(key)
        return self._kept[key], new


def program_key(recipe: Recipe, dataset: Dataset, part: Part = WHOLE) -> str:
    """Return what shapes a program: equal keys, equal graphs."""
    model = recipe.model.shape()
    training = shape_of(recipe.training)
    for outside in ("epochs", "schedule", "early_stopping", "keep_checkpoint"):
        del training[outside]
    del training["optimizer"]["learning_rate"]
    shape = [model, training, recipe.telemetry.records, dataset.digest, part.settings()]
    return json.dumps(shape, sort_keys=True)


@lru_cache(maxsize=2)
def _on_device(dataset: Dataset) -> tuple[tf.Tensor, tf.Tensor]:
    """Return all training features and labels as tensors, once a data set."""
    return tf.constant(dataset.train_features), tf.constant(dataset.train_labels)


def _kernels(model: keras.Model, only_trainable: bool = False) -> dict[str, tf.Variable]:
    """Return layer name → its weight matrix."""
    named = {}
    for name, layer in named_layers(model):
        for variable in layer._trainable_variables:
            slopes = variable.name == "alpha"  # of PReLU, shaped like a feature map
            trains = variable.trainable or not only_trainable
            if len(variable.shape) >= 2 and trains and not slopes:
                kernel = variable.name == "kernel"
                named[name if kernel else f"{name}/{variable.name}"] = variable.value
    return named


def _steady(path: str) -> str:
    """Take off the numbers that Keras counts through the process, so that names stay the same."""
    return re.sub(r"\b(seed_generator|variable)_\d+\b", r"\1", path)


def _assign(variables: list[tf.Variable], values: list[tf.Tensor]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
