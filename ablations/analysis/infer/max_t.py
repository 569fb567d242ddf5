"""Joint sign flips of all arms: the step-down max-T test, and which arms may be the best.

One flip of a seed acts on all arms at once, so that what the arms share (the control, the seed)
counts: T_a(ε) = |Σₛ εₛ dₐₛ| / √(Σₛ dₐₛ²) are as correlated under the null hypothesis as they were
observed.  Unequal n: a flip acts on the seeds that an arm has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ablations.analysis.infer.sign_flips import DRAWS, by_seed, flips, share, standardized

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class FlipTest:
    """The p-values of a family, in its order; 1 for an arm without a difference."""

    p: tuple[float, ...]
    """Two-sided, of each arm alone."""
    p_corrected: tuple[float, ...]
    """By step-down max-T for the family."""


def max_t(family: Sequence[Mapping[int, float]]) -> FlipTest:
    """Test a family of paired differences, seed → dₛ (Westfall and Young 1993).

    Arms ranked by T, the largest first: p_a = max over ranks j ≤ rank(a) of the share of flips ε
    with max over arms b ranked ≥ j of T_b(ε) ≥ T₍ⱼ₎.
    """
    return max_t_of(by_seed(family))


def max_t_of(differences: NDArray[np.float64]) -> FlipTest:
    """Do what ``max_t`` does with an array (arms, S), 0 where an arm lacks a seed."""
    import numpy as np

    arms, pairs = differences.shape
    if not pairs:
        return FlipTest(arms * (1.0,), arms * (1.0,))
    values, tie = standardized(differences)
    observed = np.abs(values.sum(axis=1))
    order = np.argsort(observed, kind="stable")  # the smallest T first
    values, tie, reached = values[order], tie[order], observed[order, None]
    alone, together, total = np.zeros(arms, int), np.zeros(arms, int), 0
    for signs in flips(pairs):
        statistics = np.abs(values @ signs) + tie
        alone += (statistics >= reached).sum(axis=1)
        np.maximum.accumulate(statistics, axis=0, out=statistics)  # of the arms ranked ≥ j
        together += (statistics >= reached).sum(axis=1)
        total += signs.shape[1]
    p, corrected = np.empty(arms), np.empty(arms)
    p[order] = [share(int(count), total, pairs) for count in alone]
    stepped = np.array([share(int(count), total, pairs) for count in together])
    corrected[order] = np.maximum.accumulate(stepped[::-1])[::-1]
    return FlipTest(tuple(p.tolist()), tuple(corrected.tolist()))


def sign_flip_p_value(differences: Sequence[float]) -> float:
    """Return the two-sided p of one arm alone: the share of flips with |Σ| ≥ |Σ dₛ|."""
    return max_t([dict(enumerate(differences))]).p[0]


def best_p_values(
    scores: Sequence[Mapping[int, float]], better: Literal["higher", "lower"]
) -> tuple[float, ...]:
    """Return, of each arm, the p of the hypothesis that no arm is better (after Hsu 1981).

    ``scores`` are seed → metric.  With T_ba(ε) = Σₛ εₛ (m(b,s) − m(a,s)) / √Σₛ (m(b,s) − m(a,s))²,
    "better" upwards, over the seeds of both: p_a is the share of flips ε with
    max_b T_ba(ε) ≥ max_b T_ba.  The arm of the best mean has p = 1.  The arms with p > 0.05 hold
    the true best in 95% of studies, without correction: only that one must be kept.
    """
    import numpy as np

    seeds = sorted(set().union(*scores))
    rows = [[arm.get(seed, np.nan) for seed in seeds] for arm in scores]
    upwards = np.array(rows).reshape(len(scores), len(seeds)) * (1 if better == "higher" else -1)
    return tuple(_best_p_value(np.nan_to_num(upwards - arm)) for arm in upwards)


def _best_p_value(differences: NDArray[np.float64]) -> float:
    """Return p for an arm, given (arms, S) of all arms minus that one, which is 0 itself."""
    pairs = differences.shape[1]
    if not pairs:
        return 1.0
    values, tie = standardized(differences)
    reached = values.sum(axis=1).max()
    count = total = 0
    for signs in flips(pairs, most=DRAWS // 2):
        statistics = values @ signs
        for side in (statistics, -statistics):  # a flip and its opposite
            count += int(((side + tie).max(axis=0) >= reached).sum())
            total += signs.shape[1]
    return share(count, total, pairs)
