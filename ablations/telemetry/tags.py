"""Every tag name, in one place; TensorBoard groups its cards by the part before the slash."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

EPOCH_SCALARS: Mapping[str, str] = MappingProxyType(
    {
        "train_loss": "train/loss",
        "train_accuracy": "train/accuracy",
        "validation_loss": "validation/loss",
        "validation_accuracy": "validation/accuracy",
        "validation_accuracy_raw": "validation/accuracy_raw_weights",
        "learning_rate": "optimization/learning_rate",
        "gradient_norm_before_clipping": "optimization/gradient_norm_before_clipping",
        "gradient_norm_after_clipping": "optimization/gradient_norm_after_clipping",
        "share_of_steps_clipped": "optimization/share_of_steps_clipped",
        "dead_unit_share": "units/share_dead",
    }
)
"""Key of a line of ``metrics.jsonl`` → tag."""

BEFORE: Mapping[str, str] = MappingProxyType(
    {
        "train_loss": "pretraining_loss",
        "train_accuracy": "pretraining_accuracy",
        "validation_loss": "pretraining_validation_loss",
        "validation_accuracy": "pretraining_validation_accuracy",
    }
)
"""What a metric is called in a stage that learns another task than the recipe's own."""

STAGE = "stage"
"""Key and tag of the number of the stage, from 1, in a run that has several."""

STAGE_SCALARS: Mapping[str, str] = MappingProxyType(
    {
        "pretraining_loss": "pretraining/loss",
        "pretraining_accuracy": "pretraining/accuracy",
        "pretraining_validation_loss": "pretraining/validation_loss",
        "pretraining_validation_accuracy": "pretraining/validation_accuracy",
        STAGE: "optimization/stage",
    }
)
"""The same as ``EPOCH_SCALARS``, for what only a run of several stages has."""

STAGE_TEXT = "stages"
"""The tag of the text that says what each stage is."""

BANDS = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
"""The epoch metrics whose mean and confidence band over seeds are written for each arm."""


def final(metric: str) -> str:
    """Return the tag of a finished run's metric."""
    return f"final/{metric}"


def band(metric: str, part: str) -> str:
    """Return the tag of an arm's ``mean``, ``lower`` or ``upper`` over its seeds."""
    return f"band/{metric}/{part}"


def gradient_histogram(layer: str) -> str:
    """Return the tag of the log10 of a layer's absolute training gradients."""
    return f"gradient_log10/{layer}"


def activation_histogram(layer: str) -> str:
    """Return the tag of a layer's activations on the probe batch."""
    return f"activation/{layer}"


def weight_histogram(layer: str) -> str:
    """Return the tag of a layer's weights."""
    return f"weight/{layer}"
