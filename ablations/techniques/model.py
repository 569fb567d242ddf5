"""What all models promise, and what those of stacked layers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator

from ablations.errors import ModelError
from ablations.study.technique import Count, Frozen, Share, Technique, from_family, problem, show

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


Widths = Annotated[tuple[Count, ...], BeforeValidator(_widths)]


class Model(Technique):
    """A network from inputs of one shape to one logit a class."""

    needs_building: ClassVar[bool] = False
    """Whether only a built model tells its parameters, as a user's own code does."""

    def shape(self) -> dict[str, Any]:
        """Return the settings that shape the graph: models of equal shape share a program."""
        return self.model_dump(mode="json")

    def build(self, input_shape: tuple[int, ...], classes: int) -> keras.Model:
        """Return a Keras model: inputs [B, *input_shape] in float32 to logits [B, classes].

        Raises:
            ModelError: it cannot read inputs of this shape.
        """
        raise NotImplementedError

    def parameters(self, input_shape: tuple[int, ...], classes: int) -> int:
        """Return how many trainable numbers the model has; see ``needs_building``.

        Raises:
            ModelError: it cannot read inputs of this shape.
        """
        raise NotImplementedError

    def activations(self, model: keras.Model) -> dict[str, Any]:
        """Return layer name → symbolic output of its activation, for histograms."""
        raise NotImplementedError

    @property
    def levels(self) -> int:
        """How many hidden levels there are, as many as ``activations``.

        Raises:
            ModelError: only a built model tells.
        """
        raise ModelError(f"model {self.name}: its hidden levels are not known before it is built")

    @property
    def units_can_die(self) -> bool:
        """Whether a hidden unit can be stuck at zero."""
        raise NotImplementedError


class LayeredModel(Model):
    """Layers of units, each: weighted sum, normalization, activation, dropout."""

    activation: from_family("activation") = "elu"  # type: ignore[valid-type]
    initializer: from_family("initializer") = "glorot_uniform"  # type: ignore[valid-type]
    normalization: from_family("normalization") | None = None  # type: ignore[valid-type]
    dropout: Share = 0.0
    """Share of each hidden dense layer's outputs that a step sets to 0; the others are divided by
    1 − share, so that testing needs no correction (Srivastava et al. 2014)."""
    input_dropout: Share = 0.0
    """The same for the inputs."""

    def shape(self) -> dict[str, Any]:
        """Leave out how weights start, and numbers that layers keep in variables (``live``)."""
        starts = {"initializer", "recurrent_initializer"}
        settings = self.model_dump(mode="json", exclude=starts)
        for rate in ("dropout", "input_dropout"):
            settings[rate] = settings[rate] > 0
        if self.normalization is not None:
            settings["normalization"].pop("momentum", None)
        return settings

    def _inputs(self, input_shape: tuple[int, ...]) -> tuple[Any, Any]:
        """Return the symbolic inputs, and what of them the first layer reads."""
        import keras

        inputs = keras.Input(input_shape, name="pixels")
        return inputs, self._dropped(inputs, self.input_dropout, "dropout_pixels")

    def _dense_part(self, signal: Any, hidden: tuple[int, ...], classes: int) -> Any:
        """Add hidden1 … hiddenN and the outputs to a signal [B, features]."""
        import keras

        def dense(width: int, name: str, bias: bool) -> keras.Layer:
            kernel = self._kernel()
            return keras.layers.Dense(width, use_bias=bias, kernel_initializer=kernel, name=name)

        for number, width in enumerate(hidden, start=1):
            layer = dense(width, f"hidden{number}", self._has_bias)
            signal = self._activated(layer(signal), str(number))
            signal = self._dropped(signal, self.dropout, f"dropout{number}")
        normalization = self.normalization
        if normalization is None or not normalization.on_logits:
            return dense(classes, "outputs", True)(signal)
        signal = dense(classes, "outputs", False)(signal)
        return normalization.layer(f"{normalization.name}_outputs")(signal)

    def _activated(self, signal: Any, suffix: str, shared_axes: tuple[int, ...] = ()) -> Any:
        """Add normalization and activation, in their order, to weighted sums."""
        activation = self.activation.layer(f"{self.activation.name}{suffix}", shared_axes)
        if self.normalization is None:
            return activation(signal)
        normalize = self.normalization.layer(f"{self.normalization.name}{suffix}")
        before = self.normalization.position == "before"
        return activation(normalize(signal)) if before else normalize(activation(signal))

    def _dropped(self, signal: Any, rate: float, name: str) -> Any:
        if not rate:
            return signal
        from ablations.techniques.keras.dropout import Dropout

        return Dropout(rate, name=name)(signal)

    def _kernel(self) -> keras.Initializer:
        return self.initializer.build(seed=0)  # the run's own seed comes with its first reset

    @property
    def _has_bias(self) -> bool:
        """Whether hidden layers keep the bias that a normalization before the activation brings."""
        return self.normalization is None or self.normalization.position != "before"

    @property
    def _extras_per_unit(self) -> int:
        """Trainable numbers of one hidden unit besides its incoming weights."""
        scaled = 0 if self.normalization is None else 1 + int(self.normalization.scale)
        return int(self._has_bias) + scaled + int(self.activation.weights_per_unit)

    def _dense_parameters(self, fan_in: int, hidden: tuple[int, ...], classes: int) -> int:
        total = 0
        for width in hidden:
            total += width * (fan_in + self._extras_per_unit)
            fan_in = width
        normalization = self.normalization
        if normalization is None or not normalization.on_logits:
            return total + classes * (fan_in + 1)
        return total + classes * (fan_in + 1 + int(normalization.scale))

    def _activation_of(self, model: keras.Model, suffix: str) -> Any:
        return model.get_layer(f"{self.activation.name}{suffix}").output

    @property
    def units_can_die(self) -> bool:
        return bool(self.activation.can_die)
