"""Permutations of the runs of two arms, by Welch's t: the test of independent replicates.

Under the null hypothesis each of the C(n₁ + n₂, n₁) ways to split the runs is as likely.  The
statistic is studentized, t = D/√V with D the difference of means and V = s₁²/n₁ + s₂²/n₂, so that
unequal spreads and sizes do not decide (Janssen 1997; Chung and Romano 2013).  It is compared as
D/√(V + D²): that rises with t, is ±1 where neither arm has a spread, and 0 where D is 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from ablations.analysis.infer.sign_flips import DRAWS, shrink_outliers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Scores = Sequence[float]
MOST_EXACT_SPLITS = 65_536
_NUMBERS_AT_ONCE = 1_000_000
_MOST_KEPT = 10_000_000
_MOST_OF_CENTER = 1e6
"""Scores this many times as large as they differ are taken to hold no rounding beyond that."""


def smallest_p_value(n: int, reference: int) -> float:
    """Return the smallest two-sided p of two sizes: 2/C(2n, n), 1/C(n₁ + n₂, n₁) if unequal.

    Of draws it is 1/(m + 1); 1 where an arm has a single run, and so no spread.
    """
    if min(n, reference) < 2:
        return 1.0
    splits = math.comb(n + reference, n)
    if splits > MOST_EXACT_SPLITS:
        return 1 / (DRAWS + 1)
    return (2 if n == reference else 1) / splits


def permutation_p_values(family: Sequence[tuple[Scores, Scores]]) -> tuple[float, ...]:
    """Return the two-sided p of each arm and its reference: the share of splits with |t| ≥ |t|.

    1 where one of them has less than two runs.
    """
    return tuple(p for p, _ in _p_values(family))


def best_p_values(
    scores: Sequence[Scores], better: Literal["higher", "lower"]
) -> tuple[float, ...]:
    """Return, of each arm, the p of the hypothesis that no arm is better.

    min over b of the one-sided p of "b above a", "better" upwards, times the number of other arms.
    """
    sign = 1 if better == "higher" else -1
    upwards = [[sign * value for value in arm] for arm in scores]
    means = [math.fsum(value / len(arm) for value in arm) for arm in upwards]
    pairs = [
        (a, b)
        for a in range(len(upwards))
        for b in range(len(upwards))
        if means[b] > means[a]  # else its p is no evidence against a
    ]
    found = _p_values([(upwards[b], upwards[a]) for a, b in pairs])
    smallest = [1.0] * len(upwards)
    for (a, _), (_, p) in zip(pairs, found, strict=True):
        smallest[a] = min(smallest[a], (len(upwards) - 1) * p)
    return tuple(smallest)


def _p_values(family: Sequence[tuple[Scores, Scores]]) -> list[tuple[float, float]]:
    """Return of each member the two-sided p, and the one-sided p that its first arm is above."""
    found = [(1.0, 1.0)] * len(family)
    for sizes, members in _by_sizes(family).items():
        for member, p in zip(members, _of_sizes([family[m] for m in members], sizes), strict=True):
            found[member] = p
    return found


def _by_sizes(family: Sequence[tuple[Scores, Scores]]) -> Mapping[tuple[int, int], list[int]]:
    """Return numbers of runs → places of the members that have as many, which share their splits.

    Those with less than two runs of an arm are left out.
    """
    members: dict[tuple[int, int], list[int]] = {}
    for place, (arm, reference) in enumerate(family):
        if min(len(arm), len(reference)) > 1:
            members.setdefault((len(arm), len(reference)), []).append(place)
    return members


def _of_sizes(
    family: Sequence[tuple[Scores, Scores]], sizes: tuple[int, int]
) -> Iterator[tuple[float, float]]:
    import numpy as np

    arm_first = sizes[0] <= sizes[1]  # the smaller one is drawn
    sign, first, runs = (1 if arm_first else -1), min(sizes), sum(sizes)
    # Sorted, so that no order of the runs decides which of the draws is which.
    ordered = [[sorted(each) for each in (pair if arm_first else pair[::-1])] for pair in family]
    pooled = np.array([[*small, *large] for small, large in ordered], dtype=np.float64)
    values, tie = _standardized(pooled)
    observed = sign * _statistics(np.arange(first)[None], values)[:, 0]
    upwards, both, total = np.zeros(len(family), int), np.zeros(len(family), int), 0
    for chosen in _splits(first, runs, at_once=max(1, _NUMBERS_AT_ONCE // max(runs, len(family)))):
        statistics = sign * _statistics(chosen, values)
        upwards += (statistics >= (observed - tie)[:, None]).sum(axis=1)
        both += (np.abs(statistics) >= (np.abs(observed) - tie)[:, None]).sum(axis=1)
        total += len(chosen)
    drawn = int(math.comb(runs, first) > MOST_EXACT_SPLITS)  # the runs as they came are one more
    for two_sided, one_sided in zip(both.tolist(), upwards.tolist(), strict=True):
        yield (two_sided + drawn) / (total + drawn), (one_sided + drawn) / (total + drawn)


def _standardized(pooled: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (members, N) scores around 0 and up to about 1, and within what a statistic is equal.

    That is a multiple of the rounding of one score, also of the decimal digits that it came in.
    """
    import numpy as np

    _, exponents = np.frexp(np.abs(pooled).max(axis=1, keepdims=True))
    unit = np.ldexp(pooled, -exponents)  # by a power of two: nothing is rounded or overflows
    center = np.median(unit, axis=1, keepdims=True)
    values = shrink_outliers(unit - center)
    scale = np.abs(values).max(axis=1, keepdims=True)
    scale = np.where(scale > 0, scale, 1.0)
    values = values / scale
    values = values - values.mean(axis=1, keepdims=True)
    digits = np.minimum(1 + np.abs(center) / scale, _MOST_OF_CENTER)[:, 0]
    return values, 4 * pooled.shape[1] * np.finfo(float).eps * digits


def _statistics(chosen: NDArray[np.intp], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return D/√(V + D²), (members, splits), of ``chosen`` (splits, n₁) runs against the others."""
    import numpy as np

    runs = values.shape[1]
    first, second = chosen.shape[1], runs - chosen.shape[1]
    split = np.zeros((len(chosen), runs))
    np.put_along_axis(split, chosen, 1.0, axis=1)
    sums, squares = values @ split.T, values**2 @ split.T
    others = values.sum(axis=1, keepdims=True) - sums
    squares_of_others = (values**2).sum(axis=1, keepdims=True) - squares
    difference = sums / first - others / second
    variance = sum(
        np.maximum(0.0, square - total**2 / n) / (n * (n - 1))
        for square, total, n in ((squares, sums, first), (squares_of_others, others, second))
    )
    root = np.sqrt(variance + difference**2)
    return np.asarray(difference / np.where(root > 0, root, 1.0), dtype=np.float64)


def _splits(first: int, runs: int, at_once: int) -> Iterator[NDArray[np.intp]]:
    """Yield (splits, first) places of the runs that one arm gets: all of them, else draws."""
    if math.comb(runs, first) <= MOST_EXACT_SPLITS:
        every = _every_split(first, runs)
    elif DRAWS * first <= _MOST_KEPT:
        every = _drawn_splits(first, runs)
    else:
        yield from _draw_splits(first, runs)
        return
    for start in range(0, len(every), at_once):
        yield every[start : start + at_once]


@lru_cache(maxsize=8)
def _every_split(first: int, runs: int) -> NDArray[np.intp]:
    import itertools

    import numpy as np

    return np.array(list(itertools.combinations(range(runs), first)), dtype=np.intp)


@lru_cache(maxsize=1)  # the arms of a study have as many runs, mostly
def _drawn_splits(first: int, runs: int) -> NDArray[np.intp]:
    import numpy as np

    return np.concatenate(list(_draw_splits(first, runs)))


def _draw_splits(first: int, runs: int) -> Iterator[NDArray[np.intp]]:
    """Yield draws with a fixed seed."""
    import numpy as np

    draw, at_once = np.random.default_rng(0), max(1, _NUMBERS_AT_ONCE // runs)
    for start in range(0, DRAWS, at_once):
        keys = draw.random((min(at_once, DRAWS - start), runs))
        yield np.argpartition(keys, first - 1, axis=1)[:, :first]
