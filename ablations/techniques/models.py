"""Models: from a recipe to an unbuilt, then a built, Keras model with named layers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator

from ablations.study.technique import Count, Family, Frozen, Technique, from_family, problem, show

if TYPE_CHECKING:
    import keras


class _Stack(Frozen):
    depth: Count
    width: Count


def _widths(value: Any) -> Any:
    if isinstance(value, dict):
        stack = _Stack.model_validate(value)
        return (stack.width,) * stack.depth
    if isinstance(value, (list, tuple)):
        return tuple(value)
    raise problem(f"wants a list of widths or {{depth: …, width: …}}, got {show(value)}")


class Model(Technique):
    """A network from inputs of one shape to one logit a class."""

    def build(self, input_shape: tuple[int, ...], classes: int) -> keras.Model:
        """Return a Keras model: inputs [B, *input_shape] in float32 to logits [B, classes]."""
        raise NotImplementedError

    def parameters(self, input_shape: tuple[int, ...], classes: int) -> int:
        """Return how many trainable numbers the model has, without building it."""
        raise NotImplementedError

    def activations(self, model: keras.Model) -> dict[str, Any]:
        """Return layer name → symbolic output of its activation, for histograms."""
        raise NotImplementedError

    @property
    def units_can_die(self) -> bool:
        """Whether a hidden unit can be stuck at zero."""
        raise NotImplementedError


class MLP(Model):
    """A multilayer perceptron: hidden1 … hiddenN, then outputs."""

    name: Literal["mlp"] = "mlp"
    hidden: Annotated[tuple[Count, ...], BeforeValidator(_widths)]
    """Units of each hidden layer: a list, or ``{depth: 20, width: 100}``."""
    activation: from_family("activation") = "elu"  # type: ignore[valid-type]
    initializer: from_family("initializer") = "glorot_uniform"  # type: ignore[valid-type]
    normalization: from_family("normalization") | None = None  # type: ignore[valid-type]

    def build(self, input_shape: tuple[int, ...], classes: int) -> keras.Model:
        import keras

        signal = inputs = keras.Input(input_shape, name="pixels")
        if len(input_shape) > 1:
            signal = keras.layers.Flatten(name="flatten")(signal)
        for number, width in enumerate(self.hidden, start=1):
            signal = self._hidden(signal, number, width)
        normalization = self.normalization
        if normalization is not None and normalization.on_logits:
            signal = self._dense(classes, "outputs", bias=False)(signal)
            signal = normalization.layer(f"{normalization.name}_outputs")(signal)
        else:
            signal = self._dense(classes, "outputs", bias=True)(signal)
        return keras.Model(inputs, signal, name="mlp")

    def _hidden(self, signal: Any, number: int, width: int) -> Any:
        activation = self.activation.layer(f"{self.activation.name}{number}")
        normalization = self.normalization
        before = normalization is not None and normalization.position == "before"
        signal = self._dense(width, f"hidden{number}", bias=not before)(signal)
        if normalization is None:
            return activation(signal)
        normalize = normalization.layer(f"{normalization.name}{number}")
        return activation(normalize(signal)) if before else normalize(activation(signal))

    def _dense(self, width: int, name: str, bias: bool) -> keras.layers.Layer:
        import keras

        kernel = self.initializer.build(seed=0)  # the run's own seed comes with its first reset
        return keras.layers.Dense(width, use_bias=bias, kernel_initializer=kernel, name=name)

    def parameters(self, input_shape: tuple[int, ...], classes: int) -> int:
        normalization = self.normalization
        before = normalization is not None and normalization.position == "before"
        per_normalized_unit = 0 if normalization is None else 1 + int(normalization.scale)
        learned_slope = int(self.activation.name == "prelu")
        total, fan_in = 0, math.prod(input_shape)
        for width in self.hidden:
            total += width * (fan_in + int(not before) + per_normalized_unit + learned_slope)
            fan_in = width
        on_logits = normalization is not None and normalization.on_logits
        return total + classes * (fan_in + (per_normalized_unit if on_logits else 1))

    def activations(self, model: keras.Model) -> dict[str, Any]:
        numbers = range(1, len(self.hidden) + 1)
        return {f"hidden{n}": model.get_layer(f"{self.activation.name}{n}").output for n in numbers}

    @property
    def units_can_die(self) -> bool:
        return bool(self.activation.can_die)


MODELS = Family("model", (MLP,))
