"""Factors span arms by a design.

``one_at_a_time``: the control has every factor at its first level; each arm moves one factor.
``leave_one_out``: the control has every factor at its last level; each arm takes one factor back
to its first.  ``full_factorial``: one arm for each combination, the first levels being control.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Factor:
    """One setting that varies: its dotted path and label → value of each level, in order."""

    path: str
    levels: Mapping[str, Any]

    @property
    def short_name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit(".", 1)[-1]


@dataclass(frozen=True)
class Cell:
    """One combination of levels: factor path → label."""

    name: str
    labels: Mapping[str, str]


def label_of(value: Any) -> str:
    """Return the label of a level that was given by its value alone."""
    if isinstance(value, Mapping) and "name" in value:
        value = value["name"]
    text = "none" if value is None else str(value).lower() if value in (True, False) else str(value)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-") or "level"


def span(factors: tuple[Factor, ...], design: str, control: str) -> list[Cell]:
    """Return the cells of a design, the control first and called ``control``."""
    if design == "full_factorial":
        combinations = itertools.product(*(factor.levels for factor in factors))
        cells = [
            dict(zip((f.path for f in factors), labels, strict=True)) for labels in combinations
        ]
        return [Cell(_name(factors, labels) or control, labels) for labels in cells]
    reference = 0 if design == "one_at_a_time" else -1
    start = {factor.path: list(factor.levels)[reference] for factor in factors}
    cells_by_one = [Cell(control, start)]
    for factor in factors:
        labels = list(factor.levels)
        for label in labels[1:] if design == "one_at_a_time" else labels[:1]:
            moved = {**start, factor.path: label}
            cells_by_one.append(Cell(f"{factor.short_name}-{label}", moved))
    return cells_by_one


def arms_spanned(factors: Mapping[str, Any], design: str | None) -> int:
    """Return how many arms a design spans, or somewhat more, without making one."""
    sizes = [len(x) for x in factors.values() if isinstance(x, (list, tuple, Mapping))]
    return math.prod(sizes) if design == "full_factorial" else sum(sizes)


def same_when_folded(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each name that differs in case alone from one before it, and that one."""
    before: dict[str, str] = {}
    for name in dict.fromkeys(names):
        twin = before.setdefault(name.casefold(), name)
        if twin != name:
            yield name, twin


def _name(factors: tuple[Factor, ...], labels: Mapping[str, str]) -> str:
    """Return a cell's name by what differs from the control; empty for the control.

    The labels alone, ``batch_norm-sigmoid``, where no factor shares one and each is a word.
    """
    moved = [f for f in factors if labels[f.path] != next(iter(f.levels))]
    if _told_by_labels(factors):
        return "-".join(labels[factor.path] for factor in moved)
    return "_".join(f"{factor.short_name}-{labels[factor.path]}" for factor in moved)


def _told_by_labels(factors: tuple[Factor, ...]) -> bool:
    said = [label for factor in factors for label in list(factor.levels)[1:]]
    return len(set(said)) == len(said) and all(label[:1].isalpha() for label in said)
