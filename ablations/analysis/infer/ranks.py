"""Mean ranks of arms over several data sets, and which arms these tell apart.

Demšar (2006) compares the mean ranks by Nemenyi's critical difference, which holds for many data
sets.  A study has few, so the distribution that it approximates is counted instead: that of the
range of the mean ranks when on each data set every order of the arms is as likely as any other.
Arms whose mean ranks lie as far apart as only 5% of those ranges reach are told apart.
"""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablations.analysis.infer.corrections import LEVEL
from ablations.study.scores import Direction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_EXACT, DRAWS = 20_000, 100_000
_NUMBERS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class RankedArm:
    """An arm among the others, on each data set; rank 1 is the best, equal ones share a mean."""

    arm: str
    mean_rank: float
    ranks: tuple[float, ...]
    """On each data set that counts."""
    groups: str
    """A letter for each group of arms that are not told apart from each other."""


@dataclass(frozen=True)
class MeanRanks:
    """What the ranks on several data sets show."""

    labels: tuple[str, ...]
    """The data sets that count."""
    arms: tuple[RankedArm, ...]
    """The best mean rank first."""
    critical_difference: float | None
    """Mean ranks as far apart are told apart; None where no difference, however large, is."""


def mean_ranks(scores: Mapping[str, Mapping[str, float]], better: Direction) -> MeanRanks | None:
    """Rank the arms on each data set; data set → arm → score, all of the same arms.

    None with fewer than two data sets or arms: there is nothing to compare.
    """
    arms = list(next(iter(scores.values()), {}))
    if len(scores) < 2 or len(arms) < 2:
        return None
    import numpy as np
    from scipy.stats import rankdata

    sign = -1 if better == "higher" else 1
    values = np.array([[sign * of_set[arm] for arm in arms] for of_set in scores.values()])
    ranks = rankdata(values, axis=1)
    means = ranks.mean(axis=0)
    critical = critical_difference(ranks)
    order = sorted(range(len(arms)), key=lambda arm: float(means[arm]))
    letters = _groups([float(means[arm]) for arm in order], critical)
    ranked = (
        RankedArm(arms[arm], float(means[arm]), tuple(map(float, ranks[:, arm])), groups)
        for arm, groups in zip(order, letters, strict=True)
    )
    return MeanRanks(tuple(scores), tuple(ranked), critical)


def critical_difference(ranks: NDArray[np.float64]) -> float | None:
    """Return the least range of mean ranks that at most 5% reach; ranks (data sets, arms).

    None where even the largest possible range is reached more often.
    """
    import numpy as np

    sets, arms = ranks.shape
    doubled = np.rint(2 * ranks).astype(np.int64)  # equal ones share a rank that ends in a half
    exact = math.factorial(arms) ** (sets - 1) <= MOST_EXACT
    found = [np.ptp(sums, axis=1) for sums in (_all_sums if exact else _drawn_sums)(doubled)]
    ranges = np.concatenate(found)
    observed = 0 if exact else 1  # of draws, the ranks that were seen count as one more
    for least in np.unique(ranges).tolist():
        reached = int((ranges >= least).sum()) + observed
        if reached / (len(ranges) + observed) <= LEVEL:
            return float(least / (2 * sets))
    return None


def _all_sums(doubled: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield the arms' rank sums of all orders; the first data set's can stay, as names are free."""
    import numpy as np

    sums = doubled[:1]
    orders = np.array(list(itertools.permutations(range(doubled.shape[1]))))
    for of_set in doubled[1:]:
        sums = (sums[:, None, :] + of_set[orders][None]).reshape(-1, doubled.shape[1])
    yield sums


def _drawn_sums(doubled: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield the arms' rank sums of orders drawn with a fixed seed."""
    import numpy as np

    draw = np.random.default_rng(0)
    at_once = max(1, _NUMBERS_AT_ONCE // doubled.size)
    for start in range(0, DRAWS, at_once):
        count = min(at_once, DRAWS - start)
        yield draw.permuted(np.tile(doubled, (count, 1, 1)), axis=2).sum(axis=1)


def _groups(means: Sequence[float], critical: float | None) -> list[str]:
    """Return each arm's letters; ``means`` rise.  A group lies within the critical difference."""
    close = [
        [i for i in range(start, len(means)) if critical is None or means[i] - mean < critical]
        for start, mean in enumerate(means)
    ]
    groups: list[list[int]] = []
    for members in close:
        if not groups or members[-1] > groups[-1][-1]:
            groups.append(members)
    names = [string.ascii_lowercase[i % 26] * (1 + i // 26) for i in range(len(groups))]
    return [
        "".join(name for name, members in zip(names, groups, strict=True) if arm in members)
        for arm in range(len(means))
    ]
