"""Mean ranks against enumeration in fractions, and against Demšar's table in the limit."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import studentized_range

from ablations.analysis.infer.ranks import critical_difference, mean_ranks

SCORES = {
    "one": {"a": 0.9, "b": 0.8, "c": 0.1},
    "two": {"a": 0.7, "b": 0.7, "c": 0.2},
    "three": {"a": 0.5, "b": 0.6, "c": 0.3},
}


def enumerated(ranks: list[list[Fraction]]) -> float | None:
    """Return the least range of the mean ranks that at most 5% of all orders reach."""
    orders = itertools.product(*(itertools.permutations(of_set) for of_set in ranks))
    ranges = []
    for order in orders:
        sums = [sum(of_arm, Fraction(0)) for of_arm in zip(*order, strict=True)]
        ranges.append((max(sums) - min(sums)) / len(ranks))
    rare = [r for r in set(ranges) if 20 * sum(s >= r for s in ranges) <= len(ranges)]
    return float(min(rare)) if rare else None


@pytest.mark.parametrize(("arms", "sets"), [(2, 5), (2, 6), (3, 2), (3, 3), (3, 5), (4, 3), (5, 2)])
def test_the_critical_difference_is_that_of_all_orders(arms: int, sets: int) -> None:
    ranks = [[Fraction(rank) for rank in range(1, arms + 1)]] * sets
    assert critical_difference(np.array(ranks, float)) == enumerated(ranks)


def test_ties_are_kept_in_the_orders() -> None:
    half = Fraction(1, 2)
    ranks = [[1 + half, 1 + half, 3 + 0 * half], [Fraction(1), Fraction(2), Fraction(3)]] * 2
    assert critical_difference(np.array(ranks, float)) == enumerated(ranks)


def test_two_arms_want_six_data_sets_as_two_seeds_would() -> None:
    assert critical_difference(np.array(5 * [[1.0, 2.0]])) is None
    assert critical_difference(np.array(6 * [[1.0, 2.0]])) == 1


@pytest.mark.parametrize(("arms", "q"), [(3, 2.343), (5, 2.728), (10, 3.164)])
def test_over_many_data_sets_it_is_nemenyis(arms: int, q: float) -> None:
    """Q as Demšar 2006, table 5, has it."""
    assert studentized_range.ppf(0.95, arms, math.inf) / math.sqrt(2) == pytest.approx(q, abs=1e-3)
    ranks = np.tile(np.arange(1.0, arms + 1), (60, 1))
    nemenyi = q * math.sqrt(arms * (arms + 1) / (6 * 60))
    step = 1 / 60  # of mean ranks
    assert critical_difference(ranks) == pytest.approx(nemenyi, abs=1.5 * step)


def test_equal_scores_share_a_rank_and_the_best_comes_first() -> None:
    found = mean_ranks(SCORES, "higher")
    assert found is not None
    assert found.labels == ("one", "two", "three")
    assert [(arm.arm, arm.ranks) for arm in found.arms] == [
        ("a", (1, 1.5, 2)),
        ("b", (2, 1.5, 1)),
        ("c", (3, 3, 3)),
    ]
    lower = mean_ranks(SCORES, "lower")
    assert lower is not None
    assert [arm.arm for arm in lower.arms] == ["c", "a", "b"]


def test_groups_hold_arms_that_are_not_told_apart() -> None:
    steady = {str(n): {"a": 4.0, "b": 3.0, "c": 2.0, "d": 1.0} for n in range(12)}
    found = mean_ranks(steady, "higher")
    assert found is not None
    assert found.critical_difference is not None
    assert 1 < found.critical_difference <= 2
    assert [(arm.arm, arm.groups) for arm in found.arms] == [
        ("a", "a"),
        ("b", "ab"),
        ("c", "bc"),
        ("d", "c"),
    ]
    few = mean_ranks(dict(itertools.islice(steady.items(), 2)), "higher")
    assert few is not None
    assert few.critical_difference is None
    assert {arm.groups for arm in few.arms} == {"a"}


def test_one_data_set_has_no_mean_ranks() -> None:
    assert mean_ranks({"one": SCORES["one"]}, "higher") is None
    assert mean_ranks({}, "higher") is None


def test_studies_of_noise_tell_arms_apart_in_at_most_5_percent() -> None:
    draw, false = np.random.default_rng(5), 0
    for _ in range(300):
        noise = draw.normal(size=(4, 4)).tolist()
        scores = {str(n): dict(zip("abcd", row, strict=True)) for n, row in enumerate(noise)}
        found = mean_ranks(scores, "higher")
        assert found is not None
        false += not set(found.arms[0].groups) & set(found.arms[-1].groups)
    assert false <= 0.05 * 300 + 2 * math.sqrt(300 * 0.05 * 0.95)
