"""Verdicts: what may be said of one family of comparisons, of paired or of independent runs.

A family is corrected together: the comparisons of one study, metric and kind.  It counts every
comparison that was asked for, those without runs too, so that nothing becomes significant because
another arm failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ablations.analysis.infer import permutations, sign_flips
from ablations.analysis.infer.corrections import (
    LEVEL,
    FlipTest,
    can_be_significant,
    flip_test,
    holm,
    pairs_needed,
)
from ablations.analysis.infer.independent import IndependentRuns
from ablations.analysis.infer.intervals import Interval
from ablations.analysis.infer.pairs import PairedDifferences
from ablations.analysis.infer.settle import Settle
from ablations.study.replicates import Replicates
from ablations.study.schema import Correction
from ablations.study.scores import Direction

Verdict = Literal["better", "worse", "equivalent", "inconclusive", "none"]
"""``none`` is no verdict at all: there are no pairs, or too few for any to be possible."""

Compared = PairedDifferences | IndependentRuns
"""What two arms scored; all members of a family are of one kind."""

Size = Literal["at_least_the_margin", "less_than_the_margin"]


@dataclass(frozen=True)
class Survivors:
    """The effect over the seeds that completed in both, where others diverged.

    Of independent runs, over those that completed.
    """

    n: int
    n_reference: int | None
    """Independent runs of the arm that it is compared with; None of pairs."""
    effect: float | None
    """None where there are none."""
    interval: Interval | None
    """Student's, or Welch's, 95% interval; None where n < 2."""


@dataclass(frozen=True)
class Comparison:
    """What the runs of one metric show: an arm against another, or a contrast."""

    verdict: Verdict
    size: Size | None
    """Of a better or worse arm; None where the interval holds the margin, or there is none."""
    unstable: bool
    """Whether more runs of the arm diverge than of what it is compared with."""
    n: int
    """Pairs; of independent runs, those of the arm."""
    n_reference: int | None
    """Independent runs of the arm that it is compared with; None of pairs."""
    effect: float | None
    """The mean of the paired differences, or the difference of means, in the metric's unit.

    None without pairs, or runs of both."""
    interval: Interval | None
    """Student's, or Welch's, 95% interval of this effect alone; None where n < 2."""
    simultaneous: Interval | None
    """The interval that, with those of all others of the family, holds in 95% of studies."""
    equivalence_interval: Interval | None
    """The interval that decides on equivalence: 90%, at a level of 5%."""
    p: float | None
    """Of the sign-flip test, or the permutation test, not corrected."""
    p_corrected: float | None
    p_unstable: float
    """Of McNemar's, or Fisher's, test of the divergences, corrected by Holm for the family."""
    probability_of_improvement: float | None
    """Estimate of how probable it is that a new seed does better than in what it is compared
    with: (#better + ½ #equal)/n, of n pairs, or of all pairs of independent runs."""
    settle: Settle | None
    """What would settle an inconclusive comparison."""
    survivors: Survivors | None
    """None where no run diverged."""
    comparisons: int
    """Size of the family."""
    correction: Correction
    level: float
    """The error that the family may have: 5%, or a look's share of it."""
    differences: tuple[float, ...]
    """dₛ, in order of seed; none of independent runs."""

    @property
    def replicates(self) -> Replicates:
        """How the runs of both belong together."""
        return "paired" if self.n_reference is None else "independent"

    @property
    def smallest_p(self) -> float:
        """The smallest p, before any correction, that so many pairs or runs can give."""
        if self.n_reference is None:
            return sign_flips.smallest_p_value(self.n)
        return permutations.smallest_p_value(self.n, self.n_reference)

    @property
    def too_few_pairs(self) -> bool:
        """Whether no difference, however large, could be significant with so few pairs, or runs."""
        return not can_be_significant(
            self.n, self.comparisons, self.correction, self.level, self.n_reference
        )

    @property
    def pairs_needed(self) -> int:
        """The fewest pairs, or independent runs of each arm, that could give a verdict."""
        independent = self.replicates == "independent"
        return pairs_needed(self.comparisons, self.correction, self.level, independent)


@dataclass(frozen=True)
class _Family:
    """What the members of a family share."""

    comparisons: int
    better: Direction
    margin: float
    correction: Correction
    level: float
    at_once: int


def judge(
    family: Sequence[Compared],
    better: Direction,
    margin: float,
    correction: Correction = "max_t",
    level: float = LEVEL,
    at_once: int = 0,
) -> tuple[Comparison, ...]:
    """Return what each member of one family shows, in the order given.

    ``margin`` is the smallest difference that matters, in the unit of the differences; the
    simultaneous intervals hold for ``at_once`` comparisons, or for those of the family.
    """
    tested = _test(family, correction)
    unstable = holm([member.more_diverge_p_value() for member in family])
    shared = _Family(len(family), better, margin, correction, level, at_once or len(family))
    return tuple(
        _judge_one(*member, shared)
        for member in zip(family, tested.p, tested.p_corrected, unstable, strict=True)
    )


def _test(family: Sequence[Compared], correction: Correction) -> FlipTest:
    """Return p, and p corrected; of independent runs Holm's correction is the only one."""
    paired = [member for member in family if isinstance(member, PairedDifferences)]
    if paired:
        return flip_test([member.by_seed for member in paired], correction)
    runs = [member for member in family if isinstance(member, IndependentRuns)]
    p_values = permutations.permutation_p_values(
        [(list(each.of_arm.values()), list(each.of_reference.values())) for each in runs]
    )
    return FlipTest(p_values, holm(p_values))


def _judge_one(
    runs: Compared, p: float, p_corrected: float, p_unstable: float, family: _Family
) -> Comparison:
    equivalence_interval = runs.interval(1 - 2 * family.level)
    simultaneous = runs.interval(1 - family.level / family.at_once)
    verdict = _verdict(runs, equivalence_interval, p_corrected, family)
    size = None
    if verdict in ("better", "worse"):
        size = _size(simultaneous, equivalence_interval, family.margin)
    tested = runs.effect is not None
    return Comparison(
        verdict=verdict,
        size=size,
        unstable=p_unstable <= family.level,
        n=runs.n,
        n_reference=runs.n_reference,
        effect=runs.effect,
        interval=runs.interval(),
        simultaneous=simultaneous,
        equivalence_interval=equivalence_interval,
        p=p if tested else None,
        p_corrected=p_corrected if tested else None,
        p_unstable=p_unstable,
        probability_of_improvement=runs.probability_of_improvement(family.better),
        settle=runs.settle(family.comparisons) if verdict == "inconclusive" else None,
        survivors=_survivors(runs),
        comparisons=family.comparisons,
        correction=family.correction,
        level=family.level,
        differences=runs.differences,
    )


def _verdict(
    runs: Compared, equivalence_interval: Interval | None, p_corrected: float, family: _Family
) -> Verdict:
    if runs.effect is None or equivalence_interval is None:
        return "none"
    enough = can_be_significant(
        runs.n, family.comparisons, family.correction, family.level, runs.n_reference
    )
    if not enough:
        return "none"  # equal scores at a few seeds are no proof either: a metric may be coarse
    if runs.all_equal:
        return "equivalent"  # the same score at every seed: a copy of the control, for one
    if p_corrected <= family.level:
        return "better" if (runs.effect > 0) == (family.better == "higher") else "worse"
    return "equivalent" if _within(equivalence_interval, family.margin) else "inconclusive"


def _size(
    simultaneous: Interval | None, equivalence_interval: Interval | None, margin: float
) -> Size | None:
    if simultaneous is None or equivalence_interval is None:
        return None
    if margin > 0 and (simultaneous.low >= margin or simultaneous.high <= -margin):
        return "at_least_the_margin"
    return "less_than_the_margin" if _within(equivalence_interval, margin) else None


def _within(equivalence_interval: Interval, margin: float) -> bool:
    """Two one-sided tests (Schuirmann 1987)."""
    return -margin < equivalence_interval.low and equivalence_interval.high < margin


def _survivors(runs: Compared) -> Survivors | None:
    among = runs.survivors()
    if among is None:
        return None
    return Survivors(among.n, among.n_reference, among.effect, among.interval())
