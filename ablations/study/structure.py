"""What of a recipe shapes a compiled program, and which numbers the program reads from variables.

Each field says for itself what it is to the program (``Live``, ``HostOnly``); all others are part
of its structure.  Equal structures trace equal graphs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ablations.study.frozen import Frozen
from ablations.study.technique import HOST_ONLY, LIVE


def structure(settings: Frozen) -> dict[str, Any]:
    """Return the settings that shape a program, as plain data; a live number shows as "live"."""
    shaping = {
        name: "live" if role is LIVE and value else _plain(value)
        for name, role, value in _fields(settings)
        if role is not HOST_ONLY
    }
    return {**shaping, **(settings.model_extra or {})}


def _plain(value: Any) -> Any:
    if isinstance(value, Frozen):
        return structure(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def live_numbers(settings: Frozen) -> dict[str, float]:
    """Return dotted path → number for the live fields that are in use: neither null nor zero."""
    found: dict[str, float] = {}
    for name, role, value in _fields(settings):
        if role is LIVE and value:
            found[name] = float(value)
        elif isinstance(value, Frozen) and role is not HOST_ONLY:
            found |= {f"{name}.{path}": number for path, number in live_numbers(value).items()}
    return found


def _fields(settings: Frozen) -> Iterator[tuple[str, Any, Any]]:
    """Yield name, role (None where it has none) and value of each field."""
    for name, info in type(settings).model_fields.items():
        role = next((mark for mark in info.metadata if mark in (LIVE, HOST_ONLY)), None)
        yield name, role, getattr(settings, name)
