"""Activations: what a unit makes of its weighted sum z."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, create_model, model_validator

from ablations.study.frozen import NonNegative, Positive, problem
from ablations.study.model_families import Activation
from ablations.study.protocols import Transform
from ablations.study.technique import Family

if TYPE_CHECKING:
    import keras


Slope = Annotated[float, Field(ge=0, lt=1)]


class KerasActivation(Activation):
    """An activation that Keras offers as a function of the same name."""

    def layer(self, name: str, shared_axes: Sequence[int] = ()) -> keras.Layer:
        from ablations.techniques.keras import activations

        return activations.layer(self.function(), name)

    def function(self) -> Transform:
        from ablations.techniques.keras import activations

        return activations.function(self.name, self.options())


class DyingActivation(KerasActivation):
    """One that is zero, with gradient zero, over part of its range."""

    can_die = True


class Sigmoid(KerasActivation):
    """1 / (1 + e⁻ᶻ), the logistic function; saturates at 0 and 1, mean 1/2."""

    saturates = (0.0127, 0.9873)  # where a (1 − a) is 5% of 1/4
    name: Literal["sigmoid"] = "sigmoid"


class Tanh(KerasActivation):
    """(eᶻ − e⁻ᶻ) / (eᶻ + e⁻ᶻ); saturates at −1 and 1."""

    saturates = (-0.9747, 0.9747)  # where 1 − a² is 5%
    name: Literal["tanh"] = "tanh"


class ReLU(DyingActivation):
    """max(0, z) (Nair and Hinton 2010)."""

    name: Literal["relu"] = "relu"


class LeakyReLU(KerasActivation):
    """max(αz, z) (Maas et al. 2013); the notes' α of 0.01, where Keras has 0.2."""

    name: Literal["leaky_relu"] = "leaky_relu"
    negative_slope: Slope = 0.01


class RReLU(Activation):
    """max(αz, z), α drawn per element from U(lower, upper) in training, its mean in testing.

    Xu et al. 2015, whose 1/8 and 1/3 are the defaults.
    """

    name: Literal["rrelu"] = "rrelu"
    is_a_function = False
    lower: Slope = 1 / 8
    upper: Slope = 1 / 3

    @model_validator(mode="after")
    def _in_order(self) -> RReLU:
        if self.lower > self.upper:
            raise problem(f"wants lower ≤ upper, got {self.lower} and {self.upper}")
        return self

    def layer(self, name: str, shared_axes: Sequence[int] = ()) -> keras.Layer:
        from ablations.techniques.keras.randomized_relu import RandomizedReLU

        return RandomizedReLU(self.lower, self.upper, name=name)


class PReLU(Activation):
    """max(αz, z) with one α learned per unit, from 0.25 (He et al. 2015)."""

    name: Literal["prelu"] = "prelu"
    weights_per_unit = 1
    is_a_function = False
    start: Slope = 0.25

    def layer(self, name: str, shared_axes: Sequence[int] = ()) -> keras.Layer:
        from ablations.techniques.keras import activations

        return activations.prelu(self.start, shared_axes, name)


class ELU(KerasActivation):
    """z if z > 0, else α(eᶻ − 1) (Clevert et al. 2015)."""

    name: Literal["elu"] = "elu"
    alpha: Positive = 1.0

    @property
    def saturation(self) -> tuple[float, float]:
        return -self.alpha + 0.05 * max(1, self.alpha), math.inf  # where a + α is 5%


class CELU(KerasActivation):
    """max(0, z) + min(0, α(e^(z/α) − 1)) (Barron 2017)."""

    name: Literal["celu"] = "celu"
    alpha: Positive = 1.0

    @property
    def saturation(self) -> tuple[float, float]:
        return -0.95 * self.alpha, math.inf  # where a/α + 1 is 5%


class GELU(KerasActivation):
    """z Φ(z), Φ the normal distribution function, or its tanh form (Hendrycks and Gimpel 2016)."""

    name: Literal["gelu"] = "gelu"
    approximate: bool = False


class HardShrink(KerasActivation):
    """z where |z| > threshold, else 0."""

    name: Literal["hard_shrink"] = "hard_shrink"
    threshold: NonNegative = 0.5


class SoftShrink(KerasActivation):
    """sign(z) max(|z| − threshold, 0)."""

    name: Literal["soft_shrink"] = "soft_shrink"
    threshold: NonNegative = 0.5


class Squareplus(KerasActivation):
    """(z + √(z² + b)) / 2 (Barron 2021)."""

    name: Literal["squareplus"] = "squareplus"
    b: NonNegative = 4.0


def _plain(
    keras_name: str,
    formula: str,
    can_die: bool = False,
    saturates: tuple[float, float] = Activation.saturates,
) -> type[Activation]:
    """Return an activation without parameters, by its Keras name."""
    only: Any = Literal[keras_name]
    return _saturating(
        create_model(
            keras_name.title().replace("_", ""),
            __base__=DyingActivation if can_die else KerasActivation,
            __doc__=formula,
            __module__=__name__,
            name=(only, keras_name),
        ),
        saturates,
    )


def _saturating(activation: type[Activation], bounds: tuple[float, float]) -> type[Activation]:
    activation.saturates = bounds
    return activation


ACTIVATIONS = Family(
    Activation,
    (
        Sigmoid,
        Tanh,
        ReLU,
        LeakyReLU,
        RReLU,
        PReLU,
        ELU,
        CELU,
        GELU,
        HardShrink,
        SoftShrink,
        Squareplus,
        _plain(
            "selu",
            "1.0507 z if z > 0, else 1.7581(eᶻ − 1) (Klambauer et al. 2017).",
            saturates=(-1.6702, math.inf),
        ),
        _plain("silu", "z sigmoid(z) (Elfwing et al. 2017)."),
        _plain("mish", "z tanh(ln(1 + eᶻ)) (Misra 2019)."),
        _plain("linear", "z."),
        _plain("exponential", "eᶻ."),
        _plain("relu6", "min(max(0, z), 6).", can_die=True, saturates=(-math.inf, 6)),
        _plain("softplus", "ln(1 + eᶻ).", saturates=(0.0512, math.inf)),
        _plain("softsign", "z / (1 + |z|).", saturates=(-0.7764, 0.7764)),
        _plain(
            "hard_sigmoid", "min(max(z/6 + 1/2, 0), 1).", can_die=True, saturates=(-math.inf, 1)
        ),
        _plain("hard_silu", "z hard_sigmoid(z).", can_die=True),
        _plain("hard_tanh", "min(max(z, −1), 1).", saturates=(-1, 1)),
        _plain("log_sigmoid", "−ln(1 + e⁻ᶻ).", saturates=(-math.inf, -0.0513)),
        _plain("sparse_plus", "0 below −1, z above 1, (z + 1)²/4 between.", can_die=True),
        _plain(
            "sparse_sigmoid",
            "0 below −1, 1 above 1, (z + 1)/2 between.",
            can_die=True,
            saturates=(-math.inf, 1),
        ),
        _plain("tanh_shrink", "z − tanh(z)."),
    ),
    aliases={"logistic": "sigmoid", "swish": "silu", "hard_swish": "hard_silu"},
)
