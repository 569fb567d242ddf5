"""A traced program: model, optimizer and compiled functions, shared by recipes of one structure.

Tracing costs about a second, resetting variables a few milliseconds.  So a program is built once
for everything that shapes its graph, and ``reset`` sets it to the initial state of another run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ablations.data.dataset import Dataset
from ablations.data.weights import example_weights
from ablations.study.frozen import Frozen
from ablations.study.protocols import BuiltMeasure
from ablations.study.recipe import Recipe
from ablations.techniques.keras import internals
from ablations.techniques.keras.layer_names import in_depth, kernels, named_layers
from ablations.techniques.keras.objectives import own_objective
from ablations.training.checkpoint import UnusableError
from ablations.training.stage import ALL_LAYERS, WHOLE_NETWORK, StageSetup
from ablations.training.trainers.compiled.built import build_techniques
from ablations.training.trainers.compiled.evaluation import (
    Evaluation,
    FrozenOutputs,
    MonteCarloEvaluation,
    Split,
)
from ablations.training.trainers.compiled.features import Features
from ablations.training.trainers.compiled.initialize import initialize
from ablations.training.trainers.compiled.live_variables import LiveVariables
from ablations.training.trainers.compiled.loop import EpochLoop
from ablations.training.trainers.compiled.network import Network, assemble
from ablations.training.trainers.compiled.observe import Observer
from ablations.training.trainers.compiled.preprocessing import UNCHANGED, preprocessing
from ablations.training.trainers.compiled.replicas import replicas
from ablations.training.trainers.compiled.weights import Weights, reuse

ZERO_WEIGHT = 1e-6  # a weight smaller than this counts as zero


class Program:
    """Everything that is traced once for a recipe's structure and a data set."""

    def __init__(self, recipe: Recipe, dataset: Dataset, setup: StageSetup = WHOLE_NETWORK) -> None:
        self._recipe, self._dataset, self._setup = recipe, dataset, setup
        self.replicas = replicas()
        self.live = LiveVariables(sections(recipe, setup))
        network = self._assemble()
        self.model, self.classifier = network.model, network.classifier
        self.parameters = network.parameters
        self.techniques = build_techniques(recipe.training, network, self.live)
        self.average = self.techniques.average
        own = own_objective(recipe.training.loss)
        standardizes = recipe.data.scale is not None
        preprocess = self.preprocess = preprocessing(self.classifier, dataset, standardizes)
        self.evaluation = self.monitor = Evaluation(
            self.classifier, preprocess, own, self._measures()
        )
        samples = recipe.model.test_samples
        self.test_evaluation = (
            MonteCarloEvaluation(self.classifier, preprocess, samples, own, self._measures())
            if samples
            else self.evaluation
        )
        """What tests the finished network."""
        weights = example_weights(dataset, recipe.training.class_weights)
        examples, self.frozen = _on_device(dataset), None
        if setup.pretraining is None and weights is not None:
            examples = replace(examples, weights=tf.constant(weights))
        if network.halves is not None:
            bottom, top = network.halves
            self.frozen = FrozenOutputs(bottom, preprocess, examples)
            self.monitor = Evaluation(top, UNCHANGED, own, self._measures())
            if setup.cached:
                examples = Split(self.frozen.features, self.frozen.labels, self.frozen.weights)
                preprocess = UNCHANGED
        elif network.objective is not None:
            self.monitor = Evaluation(network.trained, preprocess, network.objective)
        trained = {n: k for n, k in kernels(self.model).items() if k.trainable}
        measured = trained if recipe.telemetry.records else {}
        self.histogram_layers = list(measured)
        self.loop = EpochLoop(
            network.trained,
            self.techniques,
            list(measured.values()),
            examples,
            preprocess,
            network.objective or own,
            setup.rows_per_step(recipe.training.batch_size),
            self.replicas,
        )
        self._kernels = {name: kernel.value for name, kernel in kernels(self.classifier).items()}
        activations = recipe.model.activations(self.classifier)
        saturation = recipe.model.saturation(self.classifier)
        self.observer = Observer(
            self.classifier, activations, self._kernels, saturation, self.preprocess
        )
        self.layers = in_depth(self.classifier, {**measured, **activations})
        """The layers that are observed, from the inputs on."""
        self.graph = b""

    def _assemble(self) -> Network:
        shape, outputs = self._dataset.input_shape, self._dataset.outputs
        training = self._recipe.training
        return assemble(
            self._recipe.model,
            shape,
            outputs,
            self._setup,
            self.live.of("model"),
            self.live.of("pretraining"),
            training.task,
            training.precision.name,
        )

    def _measures(self) -> dict[str, BuiltMeasure]:
        """Return the metrics that the recipe names besides its task's own, by name."""
        training = self._recipe.training
        measures = {measure.score.name: measure for measure in training.metrics}
        return {n: m.build() for n, m in measures.items() if n != training.task.score}

    def trace(self, validation: Split, probe: Features) -> None:
        """Trace all functions now, so that compiling can be told from training."""
        self.loop.trace()
        self.monitor.trace(self.monitored(validation))
        if self.histogram_layers:  # else nothing is observed
            self.observer.trace(probe)
        self.graph = self.evaluation.graph(validation)
        internals.forget_custom_gradients()

    def monitored(self, validation: Split) -> Split:
        """Return the validation split as ``monitor`` reads it: what is frozen is computed once."""
        return validation if self.frozen is None else self.frozen.of(validation)

    def reset(
        self, recipe: Recipe, seed: int, weights: Weights | None = None, pattern: str = ALL_LAYERS
    ) -> None:
        """Set the live numbers, and the state that a run of this recipe and seed starts from.

        Layers that match ``pattern`` start from ``weights``, where those have such a layer.
        """
        self.live.assign(sections(recipe, self._setup))
        starts = recipe.model.initializers
        declared = {id(layer): starts for _, layer in named_layers(self.classifier)}
        initialize(self.classifier, seed, declared, lambda: self._assemble().classifier)
        if self.model is not self.classifier:
            initialize(self.model, seed, declared, lambda: self._assemble().model)
        if weights:
            reuse(self.model, weights, pattern)
        self.replicas.tell_apart(self.model)
        self.techniques.reset()

    @property
    def learning_rate(self) -> float:
        """The learning rate of the last step."""
        return float(self.techniques.optimizer.learning_rate.numpy())

    @property
    def weights(self) -> list[tf.Variable]:
        """All variables that an evaluation depends on: the model's and the average's."""
        average = [] if self.average is None else self.average.state
        return [*(variable.value for variable in self.model.variables), *average]

    @contextmanager
    def averaged_weights(self) -> Iterator[None]:
        """Put the averages in place of the weights; afterwards the weights are restored exactly."""
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
        values = [kernel.numpy() for kernel in self._kernels.values()]
        zeros = sum(int((np.abs(value) < ZERO_WEIGHT).sum()) for value in values)
        return zeros / sum(int(value.size) for value in values)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the values of all variables by name."""
        return {name: variable.numpy() for name, variable in self._variables().items()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Restore what ``state`` returned.

        Raises:
            UnusableError: it is of another architecture; nothing was changed.
        """
        variables = self._variables()
        if odd := sorted(variables.keys() ^ state.keys()):
            raise UnusableError(f"it is of another architecture: {odd[0]} is not in both")
        for name, variable in variables.items():
            wanted = variable.numpy()
            if (got := state[name]).shape != wanted.shape or got.dtype != wanted.dtype:
                both = f"{got.shape} {got.dtype}, not {wanted.shape} {wanted.dtype}"
                raise UnusableError(f"it is of another architecture: {name} is {both}")
        for name, variable in variables.items():
            variable.assign(state[name])
        self.replicas.tell_apart(self.model)

    def _variables(self) -> dict[str, tf.Variable | keras.Variable]:
        """Return all variables by name: of the model, the optimizer and stateful techniques."""
        named = {f"model/{n}/{_stable(v.path)}": v for n, v in enumerate(self.model.variables)}
        for number, variable in enumerate(self.techniques.optimizer.variables):
            of_optimizer = variable.path.partition("/")[2] or variable.path
            named[f"optimizer/{number}/{_stable(of_optimizer)}"] = variable
        for name, part in self.techniques.stateful.items():
            named |= {f"{name}/{number}": v for number, v in enumerate(part.state)}
        return named


def sections(recipe: Recipe, setup: StageSetup) -> dict[str, Frozen]:
    """Return the sections of a recipe that a program is built of, by name."""
    own = {"model": recipe.model, "training": recipe.training}
    return own if setup.pretraining is None else {**own, "pretraining": setup.pretraining}


@lru_cache(maxsize=2)
def _on_device(dataset: Dataset) -> Split:
    """Return all training examples as tensors, once a data set."""
    return Split.of(dataset.train_features, dataset.train_labels)


def _stable(path: str) -> str:
    """Take off the numbers that Keras counts through the process, so that names stay the same."""
    return re.sub(r"\b(seed_generator|variable)_\d+\b", r"\1", path)


def _assign(variables: list[tf.Variable], values: list[tf.Tensor]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
