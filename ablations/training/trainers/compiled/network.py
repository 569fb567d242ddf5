"""The Keras models of one stage: what is trained, what is tested, what is computed only once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import takewhile

import keras

from ablations.errors import ModelError
from ablations.study.model_families import Model, Shape
from ablations.study.protocols import Objective
from ablations.study.tasks import CLASSIFICATION, Task
from ablations.study.technique import LiveValues
from ablations.techniques.keras.layer_names import named_layers
from ablations.techniques.keras.precision import computing_in
from ablations.training.stage import StageSetup
from ablations.training.trainers.compiled.replicas import replicas
from ablations.training.trainers.compiled.weights import matching


@dataclass(frozen=True)
class Network:
    """Models that share their layers."""

    classifier: keras.Model
    """The recipe's model: what is tested."""
    model: keras.Model
    """All variables of the stage: the classifier, or what pretraining makes of it."""
    trained: keras.Model
    """What a step calls; the model, or its top alone, fed with the bottom's outputs."""
    objective: Objective | None
    """What pretraining minimizes; None where the recipe's own task is learned."""
    parameters: int
    """Trainable numbers of the classifier, frozen or not."""
    halves: tuple[keras.Model, keras.Model] | None = None
    """The bottom, frozen as a whole, and the top that is fed with its outputs, if there are."""


def assemble(
    technique: Model,
    shape: Shape,
    outputs: int,
    setup: StageSetup,
    live: LiveValues | None = None,
    live_in_task: LiveValues | None = None,
    task: Task = CLASSIFICATION,
    precision: str = "float32",
) -> Network:
    """Build the models of a stage; the live values are the model's and the pretraining task's.

    ``precision`` is the dtype policy of Keras that their layers compute by.

    Raises:
        ModelError: the model cannot be trained so.
    """
    with replicas().scope(), computing_in(precision):
        network = _assembled(technique, shape, outputs, setup, live, live_in_task, task)
    replicas().prepare(network.model)
    return network


def _assembled(
    technique: Model,
    shape: Shape,
    outputs: int,
    setup: StageSetup,
    live: LiveValues | None,
    live_in_task: LiveValues | None,
    task: Task,
) -> Network:
    classifier = technique.build(shape, outputs, live, task)
    parameters = sum(math.prod(variable.shape) for variable in classifier.trainable_variables)
    if setup.pretraining is not None:
        if len(classifier.inputs) > 1:
            raise ModelError("transfer.source: a pretraining wants a model of one input")
        levels = list(technique.activations(classifier).values())
        model = setup.pretraining.build(classifier, levels, setup.level, live_in_task or {})
        objective = setup.pretraining.objective(live_in_task or {})
        return Network(classifier, model, model, objective, parameters)
    if setup.frozen is None:
        return Network(classifier, classifier, classifier, None, parameters)
    freeze(classifier, setup.frozen)
    halves = _halves(classifier)
    trained = classifier
    if halves is not None:
        trained = halves[1] if setup.cached else _stacked(*halves)
    elif setup.cached:
        raise ModelError("transfer.cache: no bottom of the network is frozen as a whole")
    return Network(classifier, classifier, trained, None, parameters, halves)


def freeze(model: keras.Model, pattern: str) -> None:
    """Take the layers that match out of the trainable variables.

    Raises:
        ModelError: none matches, or nothing is left to train.
    """
    for layer in matching(model, pattern, "transfer.freeze"):
        layer.trainable = False
    if not model.trainable_variables:
        raise ModelError(f'transfer.freeze: "{pattern}" leaves nothing to train')


def _halves(model: keras.Model) -> tuple[keras.Model, keras.Model] | None:
    """Cut above the layers from the input on that are frozen, and what follows without variables.

    None where the first layer with weights trains, or the network cannot be cut in two there.
    """
    frozen = {id(layer) for _, layer in named_layers(model) if not layer.trainable}
    weighted = (place for place, layer in enumerate(model.layers) if layer.weights)
    bottom = list(takewhile(lambda place: id(model.layers[place]) in frozen, weighted))
    if not bottom or len(model.inputs) > 1:
        return None
    above = takewhile(lambda layer: not layer.variables, model.layers[bottom[-1] + 1 :])
    cut = [model.layers[bottom[-1]], *above][-1]
    try:
        return (
            keras.Model(model.inputs[0], cut.output, name="bottom"),
            keras.Model(cut.output, model.outputs[0], name="top"),
        )
    except ValueError:  # a connection goes around the cut
        return None


def _stacked(bottom: keras.Model, top: keras.Model) -> keras.Model:
    """Return top(bottom(x)), the bottom always in inference mode."""
    inputs = keras.Input(bottom.input_shape[1:], name="pixels")
    return keras.Model(inputs, top(bottom(inputs, training=False)), name="frozen_bottom")
