"""Detect text where a number or a boolean is meant.

YAML 1.2 reads ``no``, ``1_000`` and ``.inf`` as text, and ``"0.2"`` in quotes.  A field with a type
refuses them; free settings would hand them to a trainer as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ablations.study.frozen import Frozen, show
from ablations.study.yaml_reader import Path, reads_as

FREE = "settings"
"""The section whose keys are a user's own."""


def free_settings(recipe: Frozen, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the place and value of each text and number in the settings that have no type."""
    for name in type(recipe).model_fields:
        value = getattr(recipe, name)
        if isinstance(value, Frozen):
            yield from free_settings(value, (*at, name))
        elif name == FREE and isinstance(value, Mapping):
            yield from leaves(value, (*at, name))
        elif isinstance(value, tuple):
            for place, inner in enumerate(value):
                if isinstance(inner, Frozen):
                    yield from free_settings(inner, (*at, name, place))
    yield from leaves(recipe.model_extra or {}, at)


def leaves(value: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the place and value of each scalar in mappings and lists."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, (*at, key))
    elif isinstance(value, (list, tuple)):
        for place, inner in enumerate(value):
            yield from leaves(inner, (*at, place))
    else:
        yield at, value


def at_place(settings: Any, place: Path) -> Any:
    """Return what stands at a place; beyond a list's end its last entry, None where nothing is."""
    for key in place:
        if isinstance(settings, Mapping):
            settings = settings.get(key)
        elif isinstance(settings, (list, tuple)) and settings and isinstance(key, int):
            settings = settings[min(key, len(settings) - 1)]
        else:
            return None
    return settings


def misread(value: Any, base: Any, plain: bool) -> str:
    """Return what is wrong with a setting; empty where nothing is.

    ``base`` is the same setting of the base, None without one.  Where it is a number or a boolean,
    so is the setting, unless it is a word such as ``auto``.  Where it is neither, text without
    quotes (``plain``) must not look like one.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return f"expected a finite number, got {show(value)}"
    if not isinstance(value, str) or isinstance(base, str):
        return ""
    spelling = reads_as(value)
    if spelling is None:
        return ""
    advice = f"did you mean {spelling}?" if spelling else "infinity and NaN are not accepted"
    if isinstance(base, (bool, int, float)):
        kind = "true or false" if isinstance(base, bool) else "a number"
        return f"expected {kind}, as the base has, got {show(value)}; {advice}"
    return f'{value} is read as text; {advice} Text takes quotes: "{value}"' if plain else ""
