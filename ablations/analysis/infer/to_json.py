"""An inference as JSON: every field and property by its name, in the order of their declaration."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cached_property
from typing import Any

from ablations.analysis.infer.inference import Inference

SCHEMA_VERSION = 1


def to_json(inference: Inference) -> str:
    """Return JSON with finite numbers only; the same runs give the same bytes."""
    content = {"schema": SCHEMA_VERSION, **as_data(inference)}
    return json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n"


def as_data(value: Any) -> Any:
    """Return ``value`` as mappings, lists and scalars; a number that is not finite is None.

    Raises:
        TypeError: it holds something else.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {name: as_data(getattr(value, name)) for name in _names(value)}
    if isinstance(value, Mapping):
        return {str(key): as_data(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_data(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int)):
        return value
    raise TypeError(f"wants data, got {type(value).__name__}")


def _names(value: Any) -> Iterator[str]:
    yield from (field.name for field in fields(value))
    for name, attribute in vars(type(value)).items():
        if isinstance(attribute, (property, cached_property)):
            yield name
