"""The layers that models of stacked layers are built of."""

from __future__ import annotations

import re
from typing import Any

import keras

from ablations.study.technique import LiveValues, below
from ablations.techniques.keras.dropout import AlphaDropout, Dropout
from ablations.techniques.keras.precision import computing_in
from ablations.techniques.layered import UNSEEDED, LayeredModel


class Layers:
    """Adds the layers of one model to symbolic signals."""

    def __init__(self, model: LayeredModel, live: LiveValues | None) -> None:
        self.model, self.live = model, live or {}
        self.normalization = model.normalization

    def inputs(self, shape: tuple[int, ...]) -> tuple[Any, Any]:
        """Return the symbolic inputs, and what of them the first layer reads."""
        inputs = keras.Input(shape, name="pixels")
        return inputs, self._dropout(inputs, "input_dropout", "dropout_pixels")

    def kernel_initializer(self) -> keras.Initializer:
        """Return an initializer of the declared kind."""
        return self.model.initializer.build(seed=UNSEEDED)

    def dense(self, signal: Any, hidden: tuple[int, ...], outputs: int) -> Any:
        """Add hidden1 … hiddenN and the outputs to a signal [B, features]."""
        for number, width in enumerate(hidden, start=1):
            signal = self._weighted_sums(width, f"hidden{number}", self.model.has_bias)(signal)
            signal = self.activated(signal, str(number))
            if re.fullmatch(self.model.dropout_layers or ".*", f"hidden{number}"):
                signal = self._dropout(signal, "dropout", f"dropout{number}")
        normalization = self.normalization
        with computing_in("float32"):
            if normalization is None or not normalization.on_logits:
                return self._weighted_sums(outputs, "outputs", True)(signal)
            signal = self._weighted_sums(outputs, "outputs", False)(signal)
            return self._normalize("_outputs")(signal)

    def activated(self, signal: Any, suffix: str, shared_axes: tuple[int, ...] = ()) -> Any:
        """Add normalization and activation, in their order, to weighted sums."""
        activation = self.model.activation
        activate = activation.layer(f"{activation.name}{suffix}", shared_axes)
        if self.normalization is None:
            return activate(signal)
        normalize = self._normalize(suffix)
        before = self.normalization.position == "before"
        return activate(normalize(signal)) if before else normalize(activate(signal))

    def _normalize(self, suffix: str) -> keras.Layer:
        assert self.normalization is not None
        name = f"{self.normalization.name}{suffix}"
        return self.normalization.layer(name, below(self.live, "normalization"))

    def _weighted_sums(self, width: int, name: str, bias: bool) -> keras.Layer:
        kernel = self.kernel_initializer()
        return keras.layers.Dense(width, use_bias=bias, kernel_initializer=kernel, name=name)

    def _dropout(self, signal: Any, field: str, name: str) -> Any:
        rate = self.model.values(self.live)[field]
        kind = AlphaDropout if self.model.dropout_kind == "alpha" else Dropout
        return kind(rate, name=name)(signal) if getattr(self.model, field) else signal
