"""Looks: numbers of seeds at which a study is judged, and the share of the error each may spend.

A study that is judged more than once errs more often: .029 with ten seeds, .068 with looks at 10
and at 20.  Looks that are declared before divide the error instead; see docs/verdicts.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator

from ablations.study.frozen import problem, show

WEIGHTS_OF_TWO = (0.6, 0.4)
"""The first look finds what is large, with the sharper test; the second is left what is small."""

LEAST_WEIGHT = 0.05
"""With less, 100,000 sign flips could not show what a look finds."""


def _looks(value: Any) -> tuple[int, ...]:
    if isinstance(value, (list, tuple)):
        whole = all(isinstance(look, int) and not isinstance(look, bool) for look in value)
        if whole and (not value or len(value) >= 2):
            return tuple(value)
    raise problem(f"wants a list of at least two numbers of seeds, got {show(value)}")


def _weights(value: Any) -> tuple[float, ...]:
    if isinstance(value, (list, tuple)):
        numbers = all(isinstance(w, (int, float)) and not isinstance(w, bool) for w in value)
        if numbers and all(LEAST_WEIGHT <= weight < 1 for weight in value):
            return tuple(float(weight) for weight in value)
    raise problem(
        f"wants a list of numbers ≥ {LEAST_WEIGHT} and < 1 whose sum is 1, got {_listed(value)}"
    )


def _listed(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(show, value))}]"
    return show(value)


Looks = Annotated[tuple[int, ...], BeforeValidator(_looks)]
LookWeights = Annotated[tuple[float, ...], BeforeValidator(_weights)]


def weights_of(looks: Sequence[int], declared: Sequence[float]) -> tuple[float, ...]:
    """Return the weight of each look: what is declared, else .6 and .4 for two, equal for more."""
    if declared or not looks:
        return tuple(declared)
    return WEIGHTS_OF_TWO if len(looks) == 2 else (1 / len(looks),) * len(looks)


def wrong_looks(
    seeds: Sequence[int],
    looks: Sequence[int],
    weights: Sequence[float],
    design: str | None,
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield where looks and weights do not fit each other or the study, and what would be right."""
    if looks and design == "full_factorial":
        yield ("looks",), "a full factorial design needs every cell at every seed; wants no looks"
    for place, (before, look) in enumerate(pairwise((0, *looks))):
        if look <= before:
            yield ("looks", place), f"wants a number of seeds > {before}, got {look}"
    if looks and looks[-1] > len(seeds):
        at = ("looks", len(looks) - 1)
        yield at, f"wants at most the study's {len(seeds)} seeds, got {looks[-1]}"
    if weights and not looks:
        yield ("look_weights",), "wants looks to weigh; the study declares none"
    elif weights and len(weights) != len(looks):
        yield (
            ("look_weights",),
            f"wants a weight for each of {len(looks)} looks, got {len(weights)}",
        )
    elif weights and not math.isclose(sum(weights), 1, abs_tol=1e-9):
        yield ("look_weights",), f"wants numbers whose sum is 1, got {sum(weights):g}"
