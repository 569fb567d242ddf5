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

from ablations.analysis.infer.intervals import bca_interval, disagree, wilson_interval
from ablations.analysis.infer.significance import (
    LEVEL,
    can_be_significant,
    holm,
    sign_flip_p_value,
)
from ablations.analysis.infer.statistics import Interval, mean, t_interval

Verdict = Literal["better", "worse", "equivalent", "unstable", "inconclusive", "none"]
"""``none`` is no verdict at all: there are no pairs, or too few for any to be possible."""

Size = Literal["", "by at least the margin", "by less than the margin"]


@dataclass(frozen=True)
class Rate:
    """How many of an arm's runs diverged."""

    diverged: int = 0
    runs: int = 0

    @property
    def interval(self) -> Interval | None:
        """Wilson's 95% interval of the share; None without runs."""
        return wilson_interval(self.diverged, self.runs) if self.runs else None

    def exceeds(self, other: Rate) -> bool:
        """Whether a larger share diverged than of ``other``; not known where one has no runs."""
        return self.diverged * other.runs > other.diverged * self.runs


@dataclass(frozen=True)
class Comparison:
    """The paired differences of one metric: an arm's minus its control's, or a contrast's."""

    differences: tuple[float, ...]
    """dₛ of the S seeds that completed in both."""
    diverged: Rate = Rate()
    """Of the arm."""
    control_diverged: Rate = Rate()


@dataclass(frozen=True)
class Effect:
    """The mean of the dₛ with what is known of it."""

    n: int
    mean: float
    interval: Interval | None
    """Student's 95% interval; None where n < 2."""
    narrow: Interval | None
    """Student's 90% interval, which decides on equivalence."""
    p: float
    """Of the sign-flip test, not corrected."""


@dataclass(frozen=True)
class Finding:
    """A comparison, its effect and what may be said of it."""

    comparison: Comparison
    effect: Effect | None
    """None without pairs."""
    corrected_p: float | None
    comparisons: int
    """Size of the family."""
    verdict: Verdict
    size: Size = ""

    @property
    def too_few_pairs(self) -> bool:
        """Whether no difference, however large, could be significant with so few pairs."""
        return not can_be_significant(len(self.comparison.differences), self.comparisons)

    @property
    def same_at_every_seed(self) -> bool:
        """Whether there are pairs and all are equal to the last bit."""
        return bool(self.comparison.differences) and not any(self.comparison.differences)

    @cached_property
    def bootstrap(self) -> Interval | None:
        """The BCa interval where it disagrees with Student's; None where they agree."""
        student = self.effect.interval if self.effect else None
        checked = bca_interval(self.comparison.differences) if student else None
        return checked if student and checked and disagree(student, checked) else None


def effect(differences: Sequence[float]) -> Effect | None:
    """Return the effect of ``differences``; None where there are none."""
    if not differences:
        return None
    return Effect(
        len(differences),
        mean(differences),
        t_interval(differences, 0.95),
        t_interval(differences, 0.90),
        sign_flip_p_value(differences),
    )


def findings(
    family: Sequence[Comparison], better: Literal["higher", "lower"], margin: float
) -> tuple[Finding, ...]:
    """Return a finding for each comparison of one family, in the order given.

    ``margin`` is the smallest difference that matters, in the unit of the differences.
    """
    effects = [effect(comparison.differences) for comparison in family]
    corrected = holm([1.0 if one is None else one.p for one in effects])
    found = []
    for comparison, one, p in zip(family, effects, corrected, strict=True):
        verdict, size = _verdict(comparison, one, p, len(family), better, margin)
        known = None if one is None else p
        found.append(Finding(comparison, one, known, len(family), verdict, size))
    return tuple(found)


def _verdict(
    comparison: Comparison,
    one: Effect | None,
    p: float,
    comparisons: int,
    better: Literal["higher", "lower"],
    margin: float,
) -> tuple[Verdict, Size]:
    if comparison.diverged.exceeds(comparison.control_diverged):
        return "unstable", ""
    if one is None or one.interval is None or one.narrow is None:
        return "none", ""
    if not any(comparison.differences):
        return "equivalent", ""  # the same bits at every seed: a copy of the control, for one
    if not can_be_significant(one.n, comparisons):
        return "none", ""
    if p <= LEVEL:
        helps = (one.mean > 0) == (better == "higher")
        return ("better" if helps else "worse"), _size(one.interval, one.narrow, margin)
    return ("equivalent" if _within(one.narrow, margin) else "inconclusive"), ""


def _size(interval: Interval, narrow: Interval, margin: float) -> Size:
    if margin > 0 and (interval.low >= margin or interval.high <= -margin):
        return "by at least the margin"
    return "by less than the margin" if _within(narrow, margin) else ""


def _within(narrow: Interval, margin: float) -> bool:
    """Two one-sided tests at 5%: the 90% interval lies within ±margin (Schuirmann 1987)."""
    return -margin < narrow.low and narrow.high < margin
