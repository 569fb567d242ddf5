"""Losses, by their Keras names: y is a label, ŷ what the network predicts for it.

Each example's loss is a mean over its outputs, as in Keras.  Where a loss wants probabilities, the
network gives logits and the loss includes the sigmoid or the softmax.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from ablations.study.frozen import NonNegative, Positive
from ablations.study.objectives import TrainingLoss
from ablations.study.protocols import Loss
from ablations.study.tasks import Kind
from ablations.study.technique import Family
from ablations.techniques.user_function import FORM, built_function, with_code

Smoothing = Annotated[float, Field(ge=0, lt=1)]


class _OfKeras(TrainingLoss):
    """A loss of Keras."""

    def build(self) -> Loss:
        from ablations.techniques.keras.losses import of_keras

        return of_keras(self.name, self.options())


class SparseCategoricalCrossentropy(_OfKeras):
    """−log of the softmax of the logits at the label; the default."""

    name: Literal["sparse_categorical_crossentropy"] = "sparse_categorical_crossentropy"


class CategoricalCrossentropy(_OfKeras):
    """The same with the labels as one-hot vectors, which may be smoothed."""

    name: Literal["categorical_crossentropy"] = "categorical_crossentropy"
    label_smoothing: Smoothing = 0.0


class CategoricalFocalCrossentropy(_OfKeras):
    """−α(1 − p)^γ log p, with p the softmax at the label (Lin et al. 2017)."""

    name: Literal["categorical_focal_crossentropy"] = "categorical_focal_crossentropy"
    alpha: Positive = 0.25
    gamma: NonNegative = 2.0


class BinaryCrossentropy(_OfKeras):
    """−y log p − (1 − y) log(1 − p), with p the sigmoid of a label's logit."""

    name: Literal["binary_crossentropy"] = "binary_crossentropy"
    label_smoothing: Smoothing = 0.0


class BinaryFocalCrossentropy(_OfKeras):
    """The binary cross-entropy times (1 − p)^γ, with p the probability of what is so."""

    name: Literal["binary_focal_crossentropy"] = "binary_focal_crossentropy"
    gamma: NonNegative = 2.0


class MeanSquaredError(_OfKeras):
    """(y − ŷ)²."""

    name: Literal["mean_squared_error"] = "mean_squared_error"


class MeanAbsoluteError(_OfKeras):
    """|y − ŷ|."""

    name: Literal["mean_absolute_error"] = "mean_absolute_error"


class MeanAbsolutePercentageError(_OfKeras):
    """100 · |y − ŷ| / |y|."""

    name: Literal["mean_absolute_percentage_error"] = "mean_absolute_percentage_error"


class MeanSquaredLogarithmicError(_OfKeras):
    """(log(y + 1) − log(ŷ + 1))²; values below 0 count as 0."""

    name: Literal["mean_squared_logarithmic_error"] = "mean_squared_logarithmic_error"


class Huber(_OfKeras):
    """(y − ŷ)²/2 up to a distance δ, and linear beyond, so that outliers pull less (Huber 1964)."""

    name: Literal["huber"] = "huber"
    delta: Positive = 1.0
    """δ, in the unit of the targets."""


class LogCosh(_OfKeras):
    """log cosh(ŷ − y): squared where the error is small, absolute where it is large."""

    name: Literal["log_cosh"] = "log_cosh"


class Poisson(_OfKeras):
    """ŷ − y log ŷ, for counts; the network must predict numbers above 0."""

    name: Literal["poisson"] = "poisson"


class CosineSimilarity(_OfKeras):
    """−cos of the angle between the vectors of targets and predictions."""

    name: Literal["cosine_similarity"] = "cosine_similarity"


class UserLoss(TrainingLoss):
    """``function(y_true, y_pred, **parameters)``, which returns the losses [B] of a batch.

    ``task`` says what is learned, and so what ``y_true`` and ``y_pred`` are: ``regression`` targets
    and predictions [B, T], ``several_labels`` labels and logits [B, K], ``classification`` labels
    [B] and logits [B, classes].  Losses [B, …] are averaged over what follows B.
    """

    model_config = ConfigDict(extra="allow")
    name: str = FORM
    task: Kind = "regression"
    code: str = ""
    """Hash of the user's package, or of the one module; found, not written."""

    @model_validator(mode="before")
    @classmethod
    def _with_its_code(cls, value: Any) -> Any:
        return with_code(value)

    def build(self) -> Loss:
        from ablations.techniques.keras.losses import of_user

        return of_user(built_function(self.name, self.code), self.model_extra or {})


LOSSES = Family(
    TrainingLoss,
    (
        SparseCategoricalCrossentropy,
        CategoricalCrossentropy,
        CategoricalFocalCrossentropy,
        BinaryCrossentropy,
        BinaryFocalCrossentropy,
        MeanSquaredError,
        MeanAbsoluteError,
        MeanAbsolutePercentageError,
        MeanSquaredLogarithmicError,
        Huber,
        LogCosh,
        Poisson,
        CosineSimilarity,
        UserLoss,
    ),
    aliases={"mse": "mean_squared_error", "mae": "mean_absolute_error"},
)
