"""Initializers: where the weights start.  n is the fan-in and m the fan-out of a layer.

All draw by a seed that the run's seed and the layer's name determine, so that two arms that
differ in scale alone start from the same draws.  Keras divides the σ of a truncated normal by
0.8796, so that the variance after truncation is the stated one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import create_model, model_validator

from ablations.study.frozen import NonNegative, Positive, problem
from ablations.study.model_families import Initializer
from ablations.study.technique import Family

if TYPE_CHECKING:
    import keras

Distribution = Literal["uniform", "truncated_normal", "untruncated_normal"]


class KerasInitializer(Initializer):
    """An initializer of Keras, by its class there."""

    keras_class: ClassVar[str]
    fixed: ClassVar[Mapping[str, Any]] = {}
    """Keras's parameters that the technique does not offer."""
    random: ClassVar[bool] = True

    def build(self, seed: int) -> keras.initializers.Initializer:
        from ablations.techniques.keras import initializers

        drawn = {"seed": seed} if self.random else {}
        return initializers.build(self.keras_class, {**self.fixed, **self.options(), **drawn})


class RandomNormal(KerasInitializer):
    """Normal with the given mean and σ, whatever the layer's size; σ 1 is the naive choice."""

    name: Literal["random_normal"] = "random_normal"
    keras_class = "RandomNormal"
    mean: float = 0.0
    stddev: NonNegative = 0.05


class TruncatedNormal(KerasInitializer):
    """Normal, redrawn beyond two σ."""

    name: Literal["truncated_normal"] = "truncated_normal"
    keras_class = "TruncatedNormal"
    mean: float = 0.0
    stddev: NonNegative = 0.05


class RandomUniform(KerasInitializer):
    """Uniform between minval and maxval."""

    name: Literal["random_uniform"] = "random_uniform"
    keras_class = "RandomUniform"
    minval: float = -0.05
    maxval: float = 0.05

    @model_validator(mode="after")
    def _in_order(self) -> RandomUniform:
        if self.minval > self.maxval:
            raise problem(f"wants minval ≤ maxval, got {self.minval} and {self.maxval}")
        return self


class Constant(KerasInitializer):
    """Every weight the same: units never come apart, so nothing much is learned."""

    name: Literal["constant"] = "constant"
    keras_class = "Constant"
    random = False
    value: float = 0.0


class Identity(KerasInitializer):
    """The identity matrix times gain."""

    name: Literal["identity"] = "identity"
    keras_class = "Identity"
    random = False
    gain: float = 1.0


class Orthogonal(KerasInitializer):
    """An orthogonal matrix times gain (Saxe et al. 2014)."""

    name: Literal["orthogonal"] = "orthogonal"
    keras_class = "Orthogonal"
    gain: float = 1.0


class VarianceScaling(KerasInitializer):
    """Variance scale/fan, with fan by mode n, m or (n + m)/2 (TensorFlow's general form)."""

    name: Literal["variance_scaling"] = "variance_scaling"
    keras_class = "VarianceScaling"
    scale: Positive = 1.0
    mode: Literal["fan_in", "fan_out", "fan_avg"] = "fan_in"
    distribution: Distribution = "truncated_normal"


def _scaled(
    name: str, doc: str, scale: float, mode: str, distribution: str
) -> type[KerasInitializer]:
    """Return a named point of the variance-scaling family."""
    only: Any = Literal[name]
    made = create_model(
        name.title().replace("_", ""),
        __base__=KerasInitializer,
        __doc__=doc,
        __module__=__name__,
        name=(only, name),
    )
    made.keras_class = "VarianceScaling"
    made.fixed = {"scale": scale, "mode": mode, "distribution": distribution}
    return made


_NORMAL, _UNIFORM = "truncated_normal", "uniform"

INITIALIZERS = Family(
    Initializer,
    (
        RandomNormal,
        TruncatedNormal,
        RandomUniform,
        Constant,
        Identity,
        Orthogonal,
        VarianceScaling,
        _scaled("glorot_normal", "σ = √(2/(n + m)) (Glorot 2010).", 1.0, "fan_avg", _NORMAL),
        _scaled("glorot_uniform", "r = √(6/(n + m)) (Glorot 2010).", 1.0, "fan_avg", _UNIFORM),
        _scaled("xavier_tanh_normal", "σ = 4√(2/(n + m)), notes t-11-1.", 16, "fan_avg", _NORMAL),
        _scaled("xavier_tanh_uniform", "r = 4√(6/(n + m)), notes t-11-1.", 16, "fan_avg", _UNIFORM),
        _scaled("he_normal", "σ = √(2/n) (He et al. 2015).", 2.0, "fan_in", _NORMAL),
        _scaled("he_uniform", "r = √(6/n) (He et al. 2015).", 2.0, "fan_in", _UNIFORM),
        _scaled("he_normal_fan_avg", "σ = √2 √(2/(n + m)), notes.", 2.0, "fan_avg", _NORMAL),
        _scaled("he_uniform_fan_avg", "r = √2 √(6/(n + m)), notes.", 2.0, "fan_avg", _UNIFORM),
        _scaled("lecun_normal", "σ = √(1/n) (LeCun 1998).", 1.0, "fan_in", _NORMAL),
        _scaled("lecun_uniform", "r = √(3/n) (LeCun 1998).", 1.0, "fan_in", _UNIFORM),
    ),
    aliases={
        "normal": "random_normal",
        "uniform": "random_uniform",
        "xavier_normal": "glorot_normal",
        "xavier_uniform": "glorot_uniform",
        "xavier_logistic_normal": "glorot_normal",
        "xavier_logistic_uniform": "glorot_uniform",
        "xavier_relu_normal": "he_normal_fan_avg",
        "xavier_relu_uniform": "he_uniform_fan_avg",
    },
)
