"""What models of stacked layers share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ablations.study.budgets import MOST_LAYERS, too_many
from ablations.study.frozen import Count, Frozen, Share, problem, show
from ablations.study.layer_pattern import Pattern, matches_none
from ablations.study.model_families import Activation, Initializer, Model, Normalization
from ablations.study.technique import Chosen, HostOnly, Live

if TYPE_CHECKING:
    import keras


UNSEEDED = 0  # weights are drawn by the run's own seed before it starts


class _Stack(Frozen):
    depth: Annotated[int, Field(ge=1, le=MOST_LAYERS)]
    width: Count


def _widths(value: Any) -> Any:
    if isinstance(value, dict):
        stack = _Stack.model_validate(value)
        return (stack.width,) * stack.depth
    if isinstance(value, (list, tuple)):
        if len(value) > MOST_LAYERS:
            raise problem(too_many("layers", len(value), MOST_LAYERS))
        return tuple(value)
    raise problem(f"wants a list of widths or {{depth: …, width: …}}, got {show(value)}")


Widths = Annotated[tuple[Count, ...], BeforeValidator(_widths)]


def saturating(layers: Iterable[str], activation: Activation) -> dict[str, tuple[float, float]]:
    """Return layer → outputs beyond which its units saturate; none where they never do."""
    bounds = activation.saturation
    return {} if bounds == (-math.inf, math.inf) else dict.fromkeys(layers, bounds)


class LayeredModel(Model):
    """Layers of units, each: weighted sum, normalization, activation, dropout."""

    hidden: Widths
    """Units of each dense hidden layer: a list, or ``{depth: 20, width: 100}``."""
    activation: Chosen[Activation] = Field("elu", validate_default=True)
    initializer: HostOnly[Chosen[Initializer]] = Field("glorot_uniform", validate_default=True)
    normalization: Chosen[Normalization] | None = None
    dropout: Live[Share] = 0.0
    """Share of each hidden dense layer's outputs that a step sets to 0; the others are divided by
    1 − share, so that inference needs no correction (Srivastava et al. 2014)."""
    dropout_layers: Pattern | None = None
    """Only the hidden dense layers whose names match, such as ``hidden[12]``; null is all."""
    input_dropout: Live[Share] = 0.0
    """The same for the inputs."""
    dropout_kind: Literal["plain", "alpha"] = "plain"
    """``alpha`` sets what it drops to −1.7581, where SELU saturates, and scales and moves all so
    that mean 0 and variance 1 are kept (Klambauer et al. 2017); of both dropouts."""
    monte_carlo_dropout: Count | None = None
    """Test with dropout as while training: the mean of the class probabilities over so many draws,
    keyed by the seed (Gal and Ghahramani 2016).  Validation is without; null tests without too."""

    @model_validator(mode="after")
    def _dropout_has_a_place(self) -> LayeredModel:
        pattern = self.dropout_layers
        wrong = pattern and matches_none(pattern, self.dense_layers, "hidden dense layer")
        if wrong:
            raise problem(f"dropout_layers: {wrong}")
        return self

    @model_validator(mode="after")
    def _samples_differ(self) -> LayeredModel:
        if self.monte_carlo_dropout and not (self.dropout or self.input_dropout):
            raise problem(
                "monte_carlo_dropout does nothing without dropout; wants dropout or input_dropout "
                "above 0"
            )
        return self

    @property
    def test_samples(self) -> int | None:
        return self.monte_carlo_dropout

    @property
    def dense_layers(self) -> tuple[str, ...]:
        """The names of the hidden dense layers."""
        return tuple(f"hidden{number}" for number in range(1, len(self.hidden) + 1))

    @property
    def initializers(self) -> Mapping[str, Initializer]:
        return {"kernel": self.initializer}

    @property
    def units_can_die(self) -> bool:
        return self.activation.can_die

    def saturation(self, model: keras.Model) -> dict[str, tuple[float, float]]:
        return saturating(self.activations(model), self.activation)

    @property
    def has_bias(self) -> bool:
        """Whether hidden layers keep the bias that a normalization before the activation brings."""
        return self.normalization is None or self.normalization.position != "before"

    @property
    def extras_per_unit(self) -> int:
        """Trainable numbers of one hidden unit besides its incoming weights."""
        scaled = 0 if self.normalization is None else 1 + int(self.normalization.has_scale)
        return int(self.has_bias) + scaled + self.activation.weights_per_unit

    def dense_parameters(self, fan_in: int, hidden: tuple[int, ...], outputs: int) -> int:
        """Return the trainable numbers of dense hidden layers and the logits behind them."""
        total = 0
        for width in hidden:
            total += width * (fan_in + self.extras_per_unit)
            fan_in = width
        normalization = self.normalization
        if normalization is None or not normalization.on_logits:
            return total + outputs * (fan_in + 1)
        return total + outputs * (fan_in + 1 + int(normalization.has_scale))

    def activation_of(self, model: keras.Model, suffix: str) -> keras.KerasTensor:
        """Return the output of the activation whose layer's name ends in ``suffix``."""
        return model.get_layer(f"{self.activation.name}{suffix}").output
