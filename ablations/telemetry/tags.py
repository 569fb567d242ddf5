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
