"""Verdicts: what may be said of the paired differences of one family of comparisons.

A family is corrected together (Holm): the comparisons of one study, metric and kind.  It counts
every comparison that was asked for, those without runs too, so that nothing becomes significant
because another arm failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ablations.analysis.infer.corrections import LEVEL, can_be_significant, holm, pairs_needed
from ablations.analysis.infer.intervals import Interval, bca_interval, disagree, student_interval
from ablations.analysis.infer.max_t import sign_flip_p_value
from ablations.analysis.infer.pairs import PairedDifferences
from ablations.analysis.infer.summary import summarize

Verdict = Literal["better", "worse", "equivalent", "unstable", "inconclusive", "none"]
"""``none`` is no verdict at all: there are no pairs, or too few for any to be possible."""

Size = Literal["at_least_the_margin", "less_than_the_margin"]


@dataclass(frozen=True)
class Comparison:
    """What the paired differences of one metric show: an arm against another, or a contrast."""

    verdict: Verdict
    size: Size | None
    """Of a better or worse arm; None where the interval holds the margin, or there is none."""
    n: int
    """Pairs."""
    effect: float | None
    """The mean of the paired differences, in the metric's unit; None without pairs."""
    interval: Interval | None
    """Student's 95% interval of the effect; None where n < 2."""
    interval_90: Interval | None
    """Student's 90% interval, which decides on equivalence."""
    p: float | None
    """Of the sign-flip test, not corrected."""
    p_corrected: float | None
    comparisons: int
    """Size of the family."""
    differences: tuple[float, ...]
    """dₛ, in order of seed."""

    @property
    def too_few_pairs(self) -> bool:
        """Whether no difference, however large, could be significant with so few pairs."""
        return not can_be_significant(self.n, self.comparisons)

    @property
    def pairs_needed(self) -> int:
        """The fewest pairs with which a difference could be significant in this family."""
        return pairs_needed(self.comparisons)

    @property
    def same_at_every_seed(self) -> bool:
        """Whether there are pairs and all are equal to the last bit."""
        return self.n > 0 and not any(self.differences)

    @cached_property
    def bootstrap(self) -> Interval | None:
        """The BCa interval where it disagrees with Student's; None where they agree."""
        bootstrap = bca_interval(self.differences) if self.interval else None
        disagrees = self.interval and bootstrap and disagree(self.interval, bootstrap)
        return bootstrap if disagrees else None


def judge(
    family: Sequence[PairedDifferences], better: Literal["higher", "lower"], margin: float
) -> tuple[Comparison, ...]:
    """Return what each member of one family shows, in the order given.

    ``margin`` is the smallest difference that matters, in the unit of the differences.
    """
    p_values = [sign_flip_p_value(pairs.values) if pairs.values else None for pairs in family]
    corrected = holm([1.0 if p is None else p for p in p_values])
    return tuple(
        _judge_one(pairs, p, p_corrected, len(family), better, margin)
        for pairs, p, p_corrected in zip(family, p_values, corrected, strict=True)
    )


def _judge_one(
    pairs: PairedDifferences,
    p: float | None,
    p_corrected: float,
    comparisons: int,
    better: Literal["higher", "lower"],
    margin: float,
) -> Comparison:
    values = pairs.values
    summary = summarize(values)
    effect = summary.mean
    interval, interval_90 = student_interval(summary, 0.95), student_interval(summary, 0.90)
    verdict: Verdict
    size: Size | None = None
    if pairs.divergence.exceeds(pairs.reference_divergence):
        verdict = "unstable"
    elif effect is None or interval is None or interval_90 is None:
        verdict = "none"
    elif not any(values):
        verdict = "equivalent"  # the same bits at every seed: a copy of the control, for one
    elif not can_be_significant(len(values), comparisons):
        verdict = "none"
    elif p_corrected <= LEVEL:
        verdict = "better" if (effect > 0) == (better == "higher") else "worse"
        size = _size(interval, interval_90, margin)
    else:
        verdict = "equivalent" if _within(interval_90, margin) else "inconclusive"
    known = None if p is None else p_corrected
    return Comparison(
        verdict, size, len(values), effect, interval, interval_90, p, known, comparisons, values
    )


def _size(interval: Interval, interval_90: Interval, margin: float) -> Size | None:
    if margin > 0 and (interval.low >= margin or interval.high <= -margin):
        return "at_least_the_margin"
    return "less_than_the_margin" if _within(interval_90, margin) else None


def _within(interval_90: Interval, margin: float) -> bool:
    """Two one-sided tests at 5%: the 90% interval lies within ±margin (Schuirmann 1987)."""
    return -margin < interval_90.low and interval_90.high < margin
