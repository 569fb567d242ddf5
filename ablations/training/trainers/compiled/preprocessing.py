"""What the graph does to features before a network reads them: scale, then standardize.

Whole numbers for an input that is declared as such, those of tokens, are passed on as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import keras
import tensorflow as tf
from numpy.typing import NDArray

from ablations.data.dataset import Dataset
from ablations.data.moments import feature_moments
from ablations.techniques.keras.user_model import named_inputs
from ablations.training.trainers.compiled.features import Features, mapped


class Preprocessing:
    """Features [B, …] as stored → float32, times ``scale`` and, where ``standardizes``, (x − μ)/σ.

    μ and σ are variables [...], so that the seeds of one program share its graph.  Where the
    network reads whole numbers, of ``dtype``, features are these as they are.
    """

    def __init__(
        self,
        scale: float,
        shape: tuple[int, ...] = (),
        standardizes: bool = False,
        dtype: str = "float32",
    ) -> None:
        self._whole = dtype if tf.as_dtype(dtype).is_integer else None
        standardizes = standardizes and self._whole is None
        self.scale, self.standardizes = scale, standardizes
        self._mean = tf.Variable(tf.zeros(shape), trainable=False) if standardizes else None
        self._deviation = tf.Variable(tf.ones(shape), trainable=False) if standardizes else None

    def __call__(self, features: tf.Tensor) -> tf.Tensor:
        """Return what the network reads."""
        return self.standardized(self.scaled(features))

    def scaled(self, features: tf.Tensor) -> tf.Tensor:
        """Return the features in float32; pixels span 0 to 1."""
        if self._whole is not None:
            return tf.cast(features, self._whole)
        return tf.cast(features, tf.float32) * self.scale

    def standardized(self, scaled: tf.Tensor) -> tf.Tensor:
        """Return scaled features (x − μ)/σ, or as they are."""
        return scaled if self._mean is None else (scaled - self._mean) / self._deviation

    def fit(self, features: NDArray[Any]) -> None:
        """Take μ and σ from the features [N, …] of the rows that train, as stored."""
        if self._mean is not None and self._deviation is not None:
            mean, deviation = feature_moments(features, self.scale)
            self._mean.assign(mean)
            self._deviation.assign(deviation)


class OfEachInput:
    """The preprocessing of several inputs, each its own."""

    def __init__(self, of: Mapping[str, Preprocessing]) -> None:
        self._of = of
        self.standardizes = any(each.standardizes for each in of.values())

    def __call__(self, features: Features) -> Features:
        """See ``Preprocessing``."""
        return mapped(lambda each, of: of(each), features, self._of)

    def scaled(self, features: Features) -> Features:
        """See ``Preprocessing``."""
        return mapped(lambda each, of: of.scaled(each), features, self._of)

    def standardized(self, scaled: Features) -> Features:
        """See ``Preprocessing``."""
        return mapped(lambda each, of: of.standardized(each), scaled, self._of)

    def fit(self, features: Mapping[str, NDArray[Any]]) -> None:
        """See ``Preprocessing``."""
        mapped(lambda each, of: of.fit(each), features, self._of)


Preprocess: TypeAlias = "Preprocessing | OfEachInput"


def preprocessing(model: keras.Model, dataset: Dataset, standardizes: bool) -> Preprocess:
    """Return what is done to the features of a data set before a model reads them."""
    shape, scale = dataset.input_shape, dataset.scale
    if not isinstance(shape, Mapping):
        assert not isinstance(scale, Mapping)
        return Preprocessing(scale, shape, standardizes, model.inputs[0].dtype)
    assert isinstance(scale, Mapping)
    reads = named_inputs(model) or {}
    return OfEachInput(
        {n: Preprocessing(scale[n], shape[n], standardizes, reads[n].dtype) for n in shape}
    )


UNCHANGED = Preprocessing(1.0)
"""For what is computed already, such as the outputs of a frozen bottom."""
