"""Factors span arms by a design.

``one_at_a_time``: the control has every factor at its first level; each arm moves one factor.
``leave_one_out``: the control has every factor at its last level; each arm takes one factor back
to its first.  ``full_factorial``: one arm for each combination, the first levels being control.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    """Return the cells of a design, the control first and called ``control``.

    Each is named by what it moves.  Names grow only where shorter ones would be equal.
    """
    cells: list[Cell] = []
    for name in _namings(factors, design):
        cells = [
            Cell(name(moved, labels) if moved else control, labels)
            for moved, labels in _combinations(factors, design)
        ]
        if len({cell.name.casefold() for cell in cells}) == len(cells):
            break
    return cells


def _combinations(
    factors: tuple[Factor, ...], design: str
) -> Iterator[tuple[list[Factor], dict[str, str]]]:
    """Yield the factors that each cell moves, and the labels of all."""
    if design == "full_factorial":
        for labels in itertools.product(*(factor.levels for factor in factors)):
            cell = dict(zip((factor.path for factor in factors), labels, strict=True))
            yield [f for f in factors if cell[f.path] != next(iter(f.levels))], cell
        return
    reference = 0 if design == "one_at_a_time" else -1
    start = {factor.path: list(factor.levels)[reference] for factor in factors}
    yield [], start
    for factor in factors:
        levels = list(factor.levels)
        for label in levels[1:] if design == "one_at_a_time" else levels[:1]:
            yield [factor], {**start, factor.path: label}


def arms_spanned(factors: Mapping[str, Any], design: str | None) -> int:
    """Return how many arms a design spans, or somewhat more, without making one."""
    sizes = [len(x) for x in factors.values() if isinstance(x, (list, tuple, Mapping))]
    return math.prod(sizes) if design == "full_factorial" else sum(sizes)


Naming = Callable[[Sequence[Factor], Mapping[str, str]], str]
"""The factors that a cell moves, and the labels of all → its name."""


def _namings(factors: tuple[Factor, ...], design: str) -> Iterator[Naming]:
    """Yield ways to name a cell, the shortest first.

    The labels alone, ``batch_norm-sigmoid``, where no factor shares one and each is a word.  Else
    the last part of each path, ``rate-0.2``, or as many parts as tell it apart, ``a.rate-0.2``.
    """
    if design == "full_factorial" and _told_by_labels(factors):
        yield lambda moved, labels: "-".join(labels[factor.path] for factor in moved)
    yield _naming({factor.path: factor.short_name for factor in factors})
    yield _naming(distinct_ends([factor.path for factor in factors]))


def _naming(names: Mapping[str, str]) -> Naming:
    return lambda moved, labels: "_".join(f"{names[f.path]}-{labels[f.path]}" for f in moved)


def distinct_ends(paths: Sequence[str]) -> dict[str, str]:
    """Return dotted path → the shortest end of it, in whole parts, that no other path has."""
    ends = {path: [path] for path in paths}
    for path in paths:
        ends[path] += [path[n + 1 :] for n, sign in enumerate(path) if sign == "."]
    count = Counter(end for own in ends.values() for end in own)
    return {
        path: next((e for e in reversed(own) if count[e] == 1), path) for path, own in ends.items()
    }


def _told_by_labels(factors: tuple[Factor, ...]) -> bool:
    said = [label for factor in factors for label in list(factor.levels)[1:]]
    return len(set(said)) == len(said) and all(label[:1].isalpha() for label in said)
