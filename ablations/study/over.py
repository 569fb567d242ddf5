"""Several data sets, or values of another setting, in one study: a part of the study for each.

``over: {data.name: [digits, mnist]}`` makes two parts that have everything else in common; a part
is a study of its own, with runs, verdicts and a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator

from ablations.study.budgets import MOST_PARTS, too_many
from ablations.study.design import label_of
from ablations.study.frozen import problem, show
from ablations.study.yaml_reader import Path

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")
_WANTED = "wants one dotted path with at least two values, such as data.name: [digits, mnist]"


@dataclass(frozen=True)
class Spanned:
    """One value of the setting that a study spans."""

    path: str
    """The dotted path of the setting."""
    label: str
    changes: Mapping[str, Any]
    """What it changes in the base: dotted path → value."""
    labels: tuple[str, ...]
    """Those of all parts, in the order of the file."""
    place: Path
    """Where it stands in the file."""


def _over(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or len(value) != 1:
        raise problem(f"{_WANTED}, got {show(value)}")
    ((path, values),) = value.items()
    if "." not in str(path).strip("."):
        raise problem(f'{_WANTED}, got "{path}"')
    labels = _labels(values)
    if len(labels) < 2:
        raise problem(f"{path}: {_WANTED}, got {show(values)}")
    if len(labels) > MOST_PARTS:
        raise problem(f"{path}: {too_many('parts', len(labels), MOST_PARTS)}")
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise problem(
                f"{path}: {show(label)} cannot name a directory; wants a letter or digit, then up "
                "to 49 of letters, digits, '.', '_' and '-'; a mapping, label: value, names them"
            )
    return value


Over = Annotated[Mapping[str, Any], BeforeValidator(_over)]
"""Dotted path → values, or label → value; or label → several settings by their dotted paths."""


def _labels(values: Any) -> list[str]:
    if isinstance(values, Mapping):
        return [str(label) for label in values]
    return [label_of(value) for value in values] if isinstance(values, (list, tuple)) else []


def spanned(over: Any) -> tuple[Spanned, ...]:
    """Return one for each value of a study's ``over``; none where there is none that is right."""
    try:
        ((path, values),) = _over(over).items()
    except (ValueError, TypeError):
        return ()
    labels = tuple(_labels(values))
    keys = list(values) if isinstance(values, Mapping) else range(len(values))
    return tuple(
        Spanned(path, label, _changes(path, values[key]), labels, ("over", path, key))
        for label, key in zip(labels, keys, strict=True)
    )


def same_parts(over: Any) -> Iterator[tuple[Spanned, Spanned]]:
    """Yield each part whose label is that of one before it, but for case, and that one."""
    first: dict[str, Spanned] = {}
    for part in spanned(over):
        twin = first.setdefault(part.label.casefold(), part)
        if twin is not part:
            yield part, twin


def _changes(path: str, value: Any) -> Mapping[str, Any]:
    several = isinstance(value, Mapping) and value and all("." in str(key) for key in value)
    return dict(value) if several else {path: value}


def meets(changed: str, path: str) -> bool:
    """Whether one of two dotted paths is the other, or lies below it."""
    return f"{changed}.".startswith(f"{path}.") or f"{path}.".startswith(f"{changed}.")
