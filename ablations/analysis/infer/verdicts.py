"""Verdicts: what may be said of the paired differences of one family of comparisons.

A family is corrected together: the comparisons of one study, metric and kind.  It counts every
comparison that was asked for, those without runs too, so that nothing becomes significant because
another arm failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ablations.analysis.infer.corrections import (
    LEVEL,
    can_be_significant,
    flip_test,
    holm,
    pairs_needed,
)
from ablations.analysis.infer.divergence import more_diverge_p_value
from ablations.analysis.infer.intervals import Interval, student_interval
from ablations.analysis.infer.pairs import PairedDifferences
from ablations.analysis.infer.settle import Settle, settle
from ablations.analysis.infer.summary import Summary, summarize
from ablations.study.schema import Correction
from ablations.study.scores import Direction

Verdict = Literal["better", "worse", "equivalent", "inconclusive", "none"]
"""``none`` is no verdict at all: there are no pairs, or too few for any to be possible."""

Size = Literal["at_least_the_margin", "less_than_the_margin"]


@dataclass(frozen=True)
class Survivors:
    """The effect over the seeds that completed in both, where others diverged."""

    n: int
    effect: float | None
    """None where there are none."""
    interval: Interval | None
    """Student's 95% interval; None where n < 2."""


@dataclass(frozen=True)
class Comparison:
    """What the paired differences of one metric show: an arm against another, or a contrast."""

    verdict: Verdict
    size: Size | None
    """Of a better or worse arm; None where the interval holds the margin, or there is none."""
    unstable: bool
    """Whether more runs of the arm diverge than of what it is compared with."""
    n: int
    """Pairs."""
    effect: float | None
    """The mean of the paired differences, in the metric's unit; None without pairs."""
    interval: Interval | None
    """Student's 95% interval of this effect alone; None where n < 2."""
    simultaneous: Interval | None
    """The interval that, with those of all others of the family, holds in 95% of studies."""
    equivalence_interval: Interval | None
    """Student's interval that decides on equivalence: 90%, at a level of 5%."""
    p: float | None
    """Of the sign-flip test, not corrected."""
    p_corrected: float | None
    p_unstable: float
    """Of McNemar's test of the divergences, corrected by Holm for the family."""
    probability_of_improvement: float | None
    """Estimate of how probable it is that a new seed does better than in what it is compared
    with: (#better + ½ #equal)/n."""
    settle: Settle | None
    """What would settle an inconclusive comparison."""
    survivors: Survivors | None
    """None where no pair has a diverged run."""
    comparisons: int
    """Size of the family."""
    correction: Correction
    level: float
    """The error that the family may have: 5%, or a look's share of it."""
    differences: tuple[float, ...]
    """dₛ, in order of seed."""

    @property
    def too_few_pairs(self) -> bool:
        """Whether no difference, however large, could be significant with so few pairs."""
        return not can_be_significant(self.n, self.comparisons, self.correction, self.level)

    @property
    def pairs_needed(self) -> int:
        """The fewest pairs with which a difference could be significant in this family."""
        return pairs_needed(self.comparisons, self.correction, self.level)


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
    family: Sequence[PairedDifferences],
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
    tested = flip_test([pairs.by_seed for pairs in family], correction)
    unstable = holm(
        [more_diverge_p_value(pairs.diverged, pairs.reference_diverged) for pairs in family]
    )
    shared = _Family(len(family), better, margin, correction, level, at_once or len(family))
    return tuple(
        _judge_one(*member, shared)
        for member in zip(family, tested.p, tested.p_corrected, unstable, strict=True)
    )


def _judge_one(
    pairs: PairedDifferences, p: float, p_corrected: float, p_unstable: float, family: _Family
) -> Comparison:
    values = pairs.values
    summary = summarize(values)
    equivalence_interval = student_interval(summary, 1 - 2 * family.level)
    simultaneous = student_interval(summary, 1 - family.level / family.at_once)
    verdict = _verdict(values, summary, equivalence_interval, p_corrected, family)
    size = None
    if verdict in ("better", "worse"):
        size = _size(simultaneous, equivalence_interval, family.margin)
    return Comparison(
        verdict=verdict,
        size=size,
        unstable=p_unstable <= family.level,
        n=len(values),
        effect=summary.mean,
        interval=student_interval(summary, 0.95),
        simultaneous=simultaneous,
        equivalence_interval=equivalence_interval,
        p=p if values else None,
        p_corrected=p_corrected if values else None,
        p_unstable=p_unstable,
        probability_of_improvement=_probability_of_improvement(values, family.better),
        settle=settle(summary, family.comparisons) if verdict == "inconclusive" else None,
        survivors=_survivors(pairs),
        comparisons=family.comparisons,
        correction=family.correction,
        level=family.level,
        differences=values,
    )


def _verdict(
    values: Sequence[float],
    summary: Summary,
    equivalence_interval: Interval | None,
    p_corrected: float,
    family: _Family,
) -> Verdict:
    if summary.mean is None or equivalence_interval is None:
        return "none"
    if not can_be_significant(len(values), family.comparisons, family.correction, family.level):
        return "none"  # equal scores at a few seeds are no proof either: a metric may be coarse
    if not any(values):
        return "equivalent"  # the same score at every seed: a copy of the control, for one
    if p_corrected <= family.level:
        return "better" if (summary.mean > 0) == (family.better == "higher") else "worse"
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


def _probability_of_improvement(values: Sequence[float], better: Direction) -> float | None:
    sign = 1 if better == "higher" else -1
    wins = sum((sign * value > 0) + 0.5 * (value == 0) for value in values)
    return wins / len(values) if values else None


def _survivors(pairs: PairedDifferences) -> Survivors | None:
    if not pairs.diverged | pairs.reference_diverged:
        return None
    summary = summarize(pairs.of_survivors)
    return Survivors(summary.n, summary.mean, student_interval(summary))
