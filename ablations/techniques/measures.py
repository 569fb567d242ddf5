"""Metrics of predictions, by their Keras names.

Each is measured on the validation split after every epoch and on the test split at the end, over
the whole split: ``validation_r2_score``, ``test_r2_score``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from ablations.study.frozen import Count, problem, show
from ablations.study.objectives import Measure
from ablations.study.protocols import BuiltMeasure
from ablations.study.scores import SCORES
from ablations.study.technique import Family
from ablations.techniques.user_function import FORM, built_function, with_code

AS = "as"
"""What names a metric of one's own; no parameter of a function can be called so."""
Threshold = Annotated[float, Field(gt=0, lt=1)]


class _OfKeras(Measure):
    """A metric of Keras."""

    def build(self) -> BuiltMeasure:
        from ablations.techniques.keras.measures import of_keras

        return of_keras(self.name, self.options())


class Accuracy(_OfKeras):
    """The share of examples whose class is predicted; measured of every classification."""

    name: Literal["accuracy"] = "accuracy"


class TopKAccuracy(_OfKeras):
    """The share of examples whose class is among the k most probable."""

    name: Literal["sparse_top_k_categorical_accuracy"] = "sparse_top_k_categorical_accuracy"
    k: Count = 5


class BinaryAccuracy(_OfKeras):
    """The share of labels that are predicted; measured wherever there are several labels."""

    name: Literal["binary_accuracy"] = "binary_accuracy"


class Precision(_OfKeras):
    """Of the labels that are predicted, the share that is so; over all labels together."""

    name: Literal["precision"] = "precision"
    thresholds: Threshold = 0.5


class Recall(_OfKeras):
    """Of the labels that are so, the share that is predicted; over all labels together."""

    name: Literal["recall"] = "recall"
    thresholds: Threshold = 0.5


class F1Score(_OfKeras):
    """The harmonic mean of precision and recall, for each label, averaged over the labels."""

    name: Literal["f1_score"] = "f1_score"
    average: Literal["macro", "micro", "weighted"] = "macro"
    threshold: Threshold = 0.5


class AreaUnderCurve(_OfKeras):
    """The area under the ROC curve, by Riemann sums over thresholds; over all labels together."""

    name: Literal["auc"] = "auc"
    num_thresholds: Annotated[int, Field(ge=2, le=10_000)] = 200


class MeanAbsoluteError(_OfKeras):
    """Mean of |y − ŷ|, in the unit of the targets; measured of every regression."""

    name: Literal["mean_absolute_error"] = "mean_absolute_error"


class MeanSquaredError(_OfKeras):
    """Mean of (y − ŷ)²."""

    name: Literal["mean_squared_error"] = "mean_squared_error"


class RootMeanSquaredError(_OfKeras):
    """Square root of the mean of (y − ŷ)², in the unit of the targets."""

    name: Literal["root_mean_squared_error"] = "root_mean_squared_error"


class MeanAbsolutePercentageError(_OfKeras):
    """Mean of 100 · |y − ŷ| / |y|."""

    name: Literal["mean_absolute_percentage_error"] = "mean_absolute_percentage_error"


class MeanSquaredLogarithmicError(_OfKeras):
    """Mean of (log(y + 1) − log(ŷ + 1))²."""

    name: Literal["mean_squared_logarithmic_error"] = "mean_squared_logarithmic_error"


class LogCoshError(_OfKeras):
    """Mean of log cosh(ŷ − y)."""

    name: Literal["log_cosh_error"] = "log_cosh_error"


class R2Score(_OfKeras):
    """1 − Σ(y − ŷ)² / Σ(y − ȳ)², for each target, averaged over the targets."""

    name: Literal["r2_score"] = "r2_score"


class CosineSimilarity(_OfKeras):
    """Mean cosine of the angle between the vectors of targets and predictions."""

    name: Literal["cosine_similarity"] = "cosine_similarity"


class UserMeasure(Measure):
    """``function(y_true, y_pred, **parameters)``, which returns a number for each example, [B].

    Their mean over the split is measured; it is called as the function is, or ``as: off_by_60``
    says.  ``y_pred`` are the network's outputs as they come, logits where those are labels or
    classes.
    """

    model_config = ConfigDict(extra="allow")
    name: str = FORM
    better: Annotated[Literal["higher", "lower"] | None, Field(examples=["lower"])] = None
    """Which direction is better; must be said."""
    code: str = ""
    """Hash of the user's package, or of the one module; found, not written."""

    @model_validator(mode="before")
    @classmethod
    def _with_its_code(cls, value: Any) -> Any:
        if value.get("name", FORM) != FORM and value.get("better") is None:
            raise problem(f"{value['name']}: wants better: higher, or better: lower")
        called = value.get(AS, "own")
        if not isinstance(called, str) or not called.isidentifier() or called in SCORES:
            raise problem(f"as: wants a name that no metric of Keras has, got {show(called)}")
        return with_code(value)

    @property
    def called(self) -> str:
        """What the study calls it; empty where that is the function's own name."""
        return str((self.model_extra or {}).get(AS, ""))

    def build(self) -> BuiltMeasure:
        from ablations.techniques.keras.measures import of_user

        function = built_function(self.name, self.code)
        parameters = {name: v for name, v in (self.model_extra or {}).items() if name != AS}
        return of_user(self.score.name, function, parameters)


MEASURES = Family(
    Measure,
    (
        Accuracy,
        TopKAccuracy,
        BinaryAccuracy,
        Precision,
        Recall,
        F1Score,
        AreaUnderCurve,
        MeanAbsoluteError,
        MeanSquaredError,
        RootMeanSquaredError,
        MeanAbsolutePercentageError,
        MeanSquaredLogarithmicError,
        LogCoshError,
        R2Score,
        CosineSimilarity,
        UserMeasure,
    ),
    aliases={
        "mse": "mean_squared_error",
        "mae": "mean_absolute_error",
        "top_k_categorical_accuracy": "sparse_top_k_categorical_accuracy",
        "sparse_categorical_accuracy": "accuracy",
    },
)
