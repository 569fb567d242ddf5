"""Correction of a family of p-values, and how many pairs it needs for any verdict."""

from __future__ import annotations

from collections.abc import Sequence

from ablations.analysis.infer.sign_flips import smallest_p_value

LEVEL = 0.05
"""The family-wise error that better and worse may have."""


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


def can_be_significant(pairs: int, comparisons: int) -> bool:
    """Whether ``pairs`` seeds can pass the corrected level as the smallest p of the family."""
    return pairs > 0 and comparisons * smallest_p_value(pairs) <= LEVEL


def pairs_needed(comparisons: int) -> int:
    """Return the fewest pairs with which a difference can be significant: 9 for 8 arms."""
    return next(n for n in range(1, 1000) if can_be_significant(n, comparisons))
