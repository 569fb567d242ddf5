"""Sign flips: the ways in which paired differences could as likely have come out.

Under the null hypothesis that arm and control are exchangeable, each dₛ is as likely to have come
out with the other sign; so the 2ⁿ ways to flip the signs are equally likely (Fisher 1935, §21).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_EXACT_PAIRS = 16
DRAWS = 100_000
_CHUNK = 10_000
_TIE = 1e-6
"""Sums nearer than this share of the smallest difference are equal: on the grid of a test set they
are whole multiples of it, and neither rounding nor the order of addition may decide."""
_DECISIVE = 1e6
"""How many times a difference outweighs the sum of all smaller ones before it is cut."""


def smallest_p_value(pairs: int) -> float:
    """Return the smallest two-sided p of n pairs: 2/2ⁿ, or 1/(m + 1) of m draws."""
    return 2.0 ** (1 - pairs) if pairs <= MOST_EXACT_PAIRS else 1 / (DRAWS + 1)


def share(as_extreme: int, flips: int, pairs: int) -> float:
    """Return the p of a count of flips; of draws, the observed signs count as one more.

    So p = (b + 1)/(m + 1) (Phipson and Smyth 2010) from 17 pairs on.
    """
    observed = int(pairs > MOST_EXACT_PAIRS)
    return (as_extreme + observed) / (flips + observed)


def flips(pairs: int, most: int = DRAWS) -> Iterator[NDArray[np.float64]]:
    """Yield signs, (pairs, flips) at a time: the same for all arms at once.

    All 2ⁿ⁻¹ with + first up to n = 16, as a flip of all signs gives the same |Σ|; from there on
    ``most`` draws with a fixed seed.
    """
    if pairs <= MOST_EXACT_PAIRS:
        yield _every_flip(pairs)
        return
    drawn = _drawn_flips(pairs)
    for start in range(0, most, _CHUNK):
        yield drawn[:, start : min(start + _CHUNK, most)].astype(float)


def by_seed(family: Sequence[Mapping[int, float]]) -> NDArray[np.float64]:
    """Return (arms, S) differences over the seeds of all arms; 0 where an arm lacks one."""
    import numpy as np

    seeds = sorted(set().union(*family))
    values = [[arm.get(seed, 0.0) for seed in seeds] for arm in family]
    return np.array(values, dtype=np.float64).reshape(len(family), len(seeds))


def standardized(
    differences: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (arms, S) differences over √Σ d², and (arms, 1) within what a sum of them is equal.

    An arm without a difference stays 0.  Neither depends on any other arm.
    """
    import numpy as np

    with np.errstate(over="ignore"):  # of sums that only say what is decisive
        cut = shrink_outliers(differences)
    largest = np.abs(cut).max(axis=1, keepdims=True, initial=0.0)
    scaled = cut / np.where(largest > 0, largest, 1.0)  # no square overflows
    root = np.sqrt((scaled**2).sum(axis=1, keepdims=True))
    scaled = scaled / np.where(root > 0, root, 1.0)
    sizes = np.abs(scaled)
    smallest = np.where(sizes > 0, sizes, np.inf).min(axis=1, keepdims=True, initial=1.0)
    rounding = 4 * sizes.shape[1] * np.finfo(float).eps
    return scaled, np.maximum(_TIE * smallest, rounding)


def shrink_outliers(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shrink what outweighs all smaller differences together, so that they keep their digits.

    Such a one decides between any two flips that differ in it, whatever its size; between all
    others the smaller ones decide.
    """
    import numpy as np

    order = np.argsort(np.abs(differences), axis=1)
    sizes = np.take_along_axis(np.abs(differences), order, axis=1)
    below = np.pad(np.cumsum(sizes, axis=1), ((0, 0), (1, 0)))[:, :-1]
    decisive = (sizes > _DECISIVE * below) & (below > 0)
    decisive = np.logical_and.accumulate(decisive[:, ::-1], axis=1)[:, ::-1]
    if not decisive.any():
        return differences
    for column in range(1, sizes.shape[1]):
        bound = _DECISIVE * sizes[:, :column].sum(axis=1)
        sizes[:, column] = np.where(decisive[:, column], bound, sizes[:, column])
    shrunk = np.empty_like(sizes)
    np.put_along_axis(shrunk, order, sizes, axis=1)
    return np.asarray(np.copysign(shrunk, differences), dtype=np.float64)


@cache
def _every_flip(pairs: int) -> NDArray[np.float64]:
    import numpy as np

    patterns = np.arange(2 ** max(0, pairs - 1)) >> np.arange(pairs)[:, None] & 1
    return np.asarray(1.0 - 2.0 * patterns[::-1], dtype=np.float64)


@lru_cache(maxsize=1)  # the arms of a study share their seeds
def _drawn_flips(pairs: int) -> NDArray[np.int8]:
    """Return (pairs, DRAWS) signs as bytes."""
    import numpy as np

    bits = np.random.default_rng(0).integers(0, 2, size=(pairs, DRAWS), dtype=np.int8)
    return np.asarray(1 - 2 * bits)
