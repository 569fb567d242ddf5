"""The p-values of a family of comparisons, corrected, and how many pairs it needs for a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ablations.analysis.infer import permutations
from ablations.analysis.infer.max_t import FlipTest as FlipTest
from ablations.analysis.infer.max_t import max_t, sign_flip_p_value
from ablations.analysis.infer.sign_flips import smallest_p_value
from ablations.study.schema import Correction

LEVEL = 0.05
"""The family-wise error that better and worse may have."""


def flip_test(family: Sequence[Mapping[int, float]], correction: Correction) -> FlipTest:
    """Test paired differences, seed → dₛ, by sign flips; p = 1 for a member without any."""
    if correction == "max_t":
        return max_t(family)
    p_values = [sign_flip_p_value(list(member.values())) for member in family]
    return FlipTest(tuple(p_values), holm(p_values))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p corrected for a family of m tests, in the order given (Holm 1979).

    The k-th smallest becomes max over j ≤ k of min(1, (m − j + 1) p₍ⱼ₎).
    """
    corrected = [0.0] * len(p_values)
    largest = 0.0
    ascending = sorted(range(len(p_values)), key=p_values.__getitem__)
    for rank, position in enumerate(ascending):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[position]))
        corrected[position] = largest
    return tuple(corrected)


def can_be_significant(
    pairs: int,
    comparisons: int,
    correction: Correction = "max_t",
    level: float = LEVEL,
    reference: int | None = None,
) -> bool:
    """Whether ``pairs`` seeds can pass the corrected level as the smallest p of the family.

    Max-T pays nothing for further comparisons there: all of them may come out at one flip.  With
    ``reference``, so many runs that are independent of as many as ``pairs``; splits are counted.
    """
    tests = comparisons if correction == "holm" else 1
    if reference is not None:
        return tests * permutations.smallest_p_value(pairs, reference) <= level
    return pairs > 0 and tests * smallest_p_value(pairs) <= level


def pairs_needed(
    comparisons: int,
    correction: Correction = "max_t",
    level: float = LEVEL,
    independent: bool = False,
) -> int:
    """Return the fewest pairs with which a difference can be significant: 6; by Holm 9 of 7.

    Of ``independent`` runs, how many each arm needs: 4; 6 of 7 comparisons.
    """
    counts = range(1, 1000)
    enough = (
        n
        for n in counts
        if can_be_significant(n, comparisons, correction, level, n if independent else None)
    )
    return next(enough, counts.stop)
