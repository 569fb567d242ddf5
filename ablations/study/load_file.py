"""Read the top level of a study file of which a part may be wrong, so that the rest is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from ablations.study.study_file import StudyFile

_STAND_INS: Mapping[str, Any] = {"study": "unnamed", "question": "", "seeds": 1, "base": {}}
"""What stands for a key that a file must have, so that the others are read."""
_OF_ENTRIES = ("arms", "metrics")
"""Keys each entry of which stands for itself."""


def load_file(
    data: Mapping[str, Any], collect: Callable[[ValidationError], None]
) -> tuple[StudyFile | None, frozenset[str]]:
    """Return a file without what is wrong with it, and the keys where that is.

    None stands for a file of which nothing can be read.  ``collect`` gets what is wrong.
    """
    try:
        return StudyFile.model_validate(data), frozenset()
    except ValidationError as error:
        collect(error)
        places = [detail["loc"] for detail in error.errors()]
    wrong = frozenset(str(place[0]) for place in places if place)
    try:
        return StudyFile.model_validate({**_STAND_INS, **_without(data, places)}), wrong
    except ValidationError:
        return None, wrong


def _without(data: Mapping[str, Any], places: list[tuple[Any, ...]]) -> dict[str, Any]:
    kept = dict(data)
    for top, *inner in filter(None, places):
        entries = kept.get(top)
        if top in _OF_ENTRIES and inner and isinstance(entries, Mapping):
            kept[top] = {key: entry for key, entry in entries.items() if key != inner[0]}
        else:
            kept.pop(top, None)
    return kept
