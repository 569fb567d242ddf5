"""What a study may write for the weights of classes, and for a list of one thing or several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from ablations.study.frozen import NonNegative, problem, show


def listed(value: Any) -> Any:
    """Return a tuple of what is a list, or one thing by its name or as a mapping."""
    if isinstance(value, (str, Mapping)):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _class_weights(value: Any) -> Any:
    if value is None or value == "balanced":
        return value
    if isinstance(value, Mapping) and set(value) == set(range(len(value))):
        value = [value[label] for label in range(len(value))]
    if isinstance(value, (list, tuple)) and len(value) > 1:
        return tuple(value)
    wanted = "balanced, or a list or a mapping with a weight for each class from 0 on"
    raise problem(f"wants {wanted}, got {show(value)}")


ClassWeights = Annotated[
    Literal["balanced"] | tuple[NonNegative, ...] | None, BeforeValidator(_class_weights)
]
