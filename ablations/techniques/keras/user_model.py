"""Calls a user's function for a Keras model, and checks what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from ablations.errors import ModelError, UserCodeError
from ablations.study.model_families import Shape
from ablations.study.tasks import CLASSIFICATION, REGRESSION, SEVERAL_LABELS, Task
from ablations.user_code import UserFunction


def build(
    function: UserFunction,
    input_shape: Shape,
    outputs: int,
    task: Task,
    parameters: Mapping[str, Any],
) -> keras.Model:
    """Return ``function(input_shape, outputs, **parameters)``; see ``Model.build``.

    Raises:
        UserCodeError: the function raises, or returns no Keras model.
        ModelError: the model does not read the inputs, or gives no logits.
    """
    function.load()
    if not tf.distribute.has_strategy():  # its scope would be cleared with the rest
        keras.utils.clear_session(free_memory=False)  # so that dense_7 is dense in every process
    model = function.call(input_shape, outputs, **parameters)
    return _checked(str(function), model, input_shape, outputs, task)


def named_inputs(model: keras.Model) -> Mapping[str, keras.KerasTensor] | None:
    """Return the symbolic inputs of a model that reads several by name, or None."""
    if isinstance(model, keras.Sequential) or not isinstance(model.input, Mapping):
        return None
    return model.input


def trainable_numbers(model: keras.Model) -> int:
    """Return how many trainable numbers a model has."""
    return sum(int(v.value.shape.num_elements()) for v in model.trainable_variables)


def activations(model: keras.Model) -> dict[str, keras.KerasTensor]:
    """Return layer name → output of the layers that have an activation, or else the outputs."""
    found = {layer.name: layer.output for layer in model.layers if _has_activation(layer)}
    return found or {"outputs": model.outputs[0]}


def applied(model: keras.Model) -> dict[str, str]:
    """Return layer name → name of the function of Keras whose values its outputs are.

    Gated recurrent layers are left out: they multiply what their activation returns.
    """
    functions = {
        layer.name: getattr(layer, "activation", None)
        for layer in model.layers
        if _has_activation(layer) and not isinstance(layer, (keras.layers.LSTM, keras.layers.GRU))
    }
    named = {layer: getattr(function, "__name__", "") for layer, function in functions.items()}
    return {
        layer: name
        for layer, name in named.items()
        if getattr(keras.activations, name, None) is functions[layer]
    }


def _checked(name: str, model: Any, input_shape: Shape, outputs: int, task: Task) -> keras.Model:
    """Return the model with its inputs declared.

    Raises:
        UserCodeError: it is no Keras model.
        ModelError: it trains in its own way, does not read the inputs, or gives no logits.
    """
    if not isinstance(model, keras.Model):
        kind = type(model).__name__
        raise UserCodeError(f"{name}: wants a function that returns a keras.Model, got {kind}")
    if own := _own_training(model):
        raise ModelError(f"{name}: {own}")
    try:
        model = _with_inputs(model, input_shape)
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        wanted = _shown(input_shape)
        raise ModelError(f"{name}: does not read inputs of shape {wanted}: {reason}") from None
    _check_inputs(name, model, input_shape)
    gives = [list(tensor.shape[1:]) for tensor in model.outputs]
    if gives != [[outputs]]:
        what = "one output a target" if task is REGRESSION else f"one logit a {task.output}"
        raise ModelError(f"{name}: wants {what}, [{outputs}], got {_listed(gives)}")
    if not model.trainable_variables:
        raise ModelError(f"{name}: has nothing to train")
    last, squashing = model.layers[-1], _SQUASHING.get(task.kind)
    if squashing is not None:
        activation = getattr(keras.activations, squashing)
        layers = (keras.layers.Softmax,) if squashing == "softmax" else ()
        if getattr(last, "activation", None) is activation or isinstance(last, layers):
            raise ModelError(f"{name}: wants logits; its last layer {last.name} is a {squashing}")
    return model


_SQUASHING = {CLASSIFICATION.kind: "softmax", SEVERAL_LABELS.kind: "sigmoid"}
"""Kind of task → the activation that its loss includes."""


def _check_inputs(name: str, model: keras.Model, input_shape: Shape) -> None:
    """Refuse a model that does not read such inputs."""
    shapes = input_shape if isinstance(input_shape, Mapping) else {"": input_shape}
    reads = named_inputs(model) or dict.fromkeys([""], model.inputs[0])
    fits = len(model.inputs) == len(shapes) and reads.keys() == shapes.keys()
    if not fits or not all(_fits([*reads[k].shape[1:]], list(shapes[k])) for k in shapes):
        got = [list(tensor.shape[1:]) for tensor in model.inputs]
        named = f" called {', '.join(reads)}" if len(reads) > 1 else ""
        raise ModelError(
            f"{name}: wants inputs of shape {_shown(input_shape)}, got a model of {_listed(got)}"
            f"{named}"
        )


TRAINING = ("fit", "train_step", "compute_loss", "compute_metrics")
"""What a model overrides to be trained in its own way."""


def _own_training(model: keras.Model) -> str:
    """Return what a model says of its training, which the recipe decides; empty where nothing."""
    for method in TRAINING:
        if getattr(type(model), method) is not getattr(keras.Model, method):
            return (
                f"its own {method} would not be called, for the recipe says how it is trained; "
                "wants trainer: keras, or a model that overrides none"
            )
    if model.compiled:
        return (
            "comes compiled, and its optimizer and loss would not be used, for the recipe says how "
            "it is trained; wants trainer: keras, or a model without compile()"
        )
    return ""


def _with_inputs(model: keras.Model, input_shape: Shape) -> keras.Model:
    """Return a model whose inputs are declared, which they need not be in what a user writes.

    Several inputs are called by their names.
    """
    if isinstance(input_shape, Mapping):
        if not getattr(model, "inputs", None):
            inputs = {name: keras.Input(shape, name=name) for name, shape in input_shape.items()}
            return keras.Model(inputs, model(inputs), name=model.name)
        if named_inputs(model) is not None:
            return model
        inputs = {tensor.name: tensor for tensor in model.inputs}
        return keras.Model(inputs, model.outputs[0], name=model.name)
    if isinstance(model, keras.Sequential) and not model.built:
        model.build((None, *input_shape))
    if getattr(model, "inputs", None):
        return model
    inputs = keras.Input(input_shape, name="pixels")
    return keras.Model(inputs, model(inputs), name=model.name)


def _shown(shape: Shape) -> str:
    if isinstance(shape, Mapping):
        return ", ".join(f"{name} {list(own)}" for name, own in shape.items())
    return str(list(shape))


def _fits(shape: list[int | None], wanted: list[int]) -> bool:
    """Whether a declared shape, where None is any size, reads inputs of the wanted one."""
    return len(shape) == len(wanted) and all(
        size in (None, exact) for size, exact in zip(shape, wanted, strict=True)
    )


def _listed(shapes: list[list[int | None]]) -> str:
    return " and ".join(map(str, shapes)) or "none"


def _has_activation(layer: keras.Layer) -> bool:
    """Whether a layer's outputs are activations: of its own, or it is one, such as PReLU."""
    activation = getattr(layer, "activation", None)
    if activation is not None:
        return activation is not keras.activations.linear
    kinds = (keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.PReLU, keras.layers.ELU)
    return isinstance(layer, kinds)
