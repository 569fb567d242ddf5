from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import scipy.stats

from ablations.analysis.infer.gate import finding
from ablations.analysis.infer.pairs import PairedDifferences
from ablations.analysis.infer.verdicts import judge

# Ten paired differences around 0 with a standard error of 0.0010.
NOISE = scipy.stats.norm.ppf((np.arange(10) + 0.5) / 10)
NOISE = 0.001 * np.sqrt(10) * NOISE / NOISE.std(ddof=1)


def pairs_of(values: Sequence[float]) -> PairedDifferences:
    return PairedDifferences(dict(enumerate(map(float, values))))


def judge_one(differences: Sequence[float], better: Any = "higher", margin: float = 0.0) -> Any:
    (comparison,) = judge([pairs_of(differences)], better, margin)
    return comparison


def verdicts(family: Sequence[Sequence[float]], margin: float = 0.0) -> set[str]:
    judged = judge([pairs_of(values) for values in family], "higher", margin)
    return {comparison.verdict for comparison in judged}


def test_effect_is_the_mean_with_students_intervals() -> None:
    comparison = judge_one((0.01 + NOISE).tolist())
    theirs = scipy.stats.ttest_1samp(0.01 + NOISE, 0)
    assert (comparison.n, comparison.effect) == (10, pytest.approx(0.01))
    for ours, level in ((comparison.interval, 0.95), (comparison.equivalence_interval, 0.90)):
        expected = theirs.confidence_interval(level)
        assert (ours.low, ours.high) == pytest.approx((expected.low, expected.high))


def test_without_pairs_there_are_no_numbers() -> None:
    found = judge_one([])
    assert (found.verdict, found.n, found.differences) == ("none", 0, ())
    names = "size effect interval simultaneous p p_corrected probability_of_improvement settle"
    assert [getattr(found, name) for name in names.split()] == 8 * [None]


@pytest.mark.parametrize(
    ("shift", "better", "margin", "verdict", "size"),
    [
        (0.01, "higher", 0.0, "better", None),
        (0.01, "lower", 0.0, "worse", None),
        (-0.01, "higher", 0.0, "worse", None),
        (-0.01, "lower", 0.0, "better", None),
        (0.01, "higher", 0.005, "better", "at_least_the_margin"),
        (-0.01, "higher", 0.005, "worse", "at_least_the_margin"),
        (0.01, "higher", 0.009, "better", None),  # the interval holds the margin
        (0.01, "higher", 0.05, "better", "less_than_the_margin"),
        (0.0, "higher", 0.005, "equivalent", None),
        (0.0, "higher", 0.001, "inconclusive", None),
        (0.0, "higher", 0.0, "inconclusive", None),
    ],
)
def test_verdicts(shift: float, better: str, margin: float, verdict: str, size: str) -> None:
    comparison = judge_one(shift + NOISE, better, margin)
    assert (comparison.verdict, comparison.size) == (verdict, size)


@pytest.mark.parametrize("margin", np.linspace(0.0005, 0.004, 8))
@pytest.mark.parametrize("shift", [0.0, 0.0007])
def test_equivalent_is_two_one_sided_tests_at_five_percent(shift: float, margin: float) -> None:
    values = shift + NOISE
    above = scipy.stats.ttest_1samp(values, -margin, alternative="greater").pvalue
    below = scipy.stats.ttest_1samp(values, margin, alternative="less").pvalue
    comparison = judge_one(values, margin=float(margin))
    assert comparison.verdict in ("equivalent", "inconclusive")
    assert (comparison.verdict == "equivalent") == (max(above, below) < 0.05)


def test_the_family_is_corrected_together_and_counts_arms_without_runs() -> None:
    weak, strong = pairs_of(0.0019 + NOISE), pairs_of(0.01 + NOISE)
    (alone,) = judge([weak], "higher", 0.0)
    assert alone.p == pytest.approx(
        scipy.stats.permutation_test(
            (weak.values,), np.mean, permutation_type="samples", n_resamples=np.inf
        ).pvalue
    )
    assert (alone.verdict, alone.p_corrected) == ("inconclusive", alone.p)
    first, absent, last = judge([strong, pairs_of([]), weak], "higher", 0.0, "holm")
    assert first.p_corrected == pytest.approx(3 * 2 / 1024)
    assert (absent.verdict, absent.p_corrected) == ("none", None)
    assert last.p_corrected == pytest.approx(2 * alone.p)
    first, absent, last = judge([strong, pairs_of([]), weak], "higher", 0.0)
    # Max-T: the strong arm alone, and the weak one after it; their flips are the same.
    assert first.p_corrected == 2 / 1024
    assert (absent.verdict, absent.p_corrected) == ("none", None)
    assert last.p_corrected == pytest.approx(alone.p)


@pytest.mark.parametrize(("correction", "needed"), [("max_t", 6), ("holm", 9)])
def test_too_few_pairs_give_no_verdict_whatever_the_size(correction: Any, needed: int) -> None:
    for n, verdict in ((needed - 1, "none"), (needed, "better")):
        family = 7 * [pairs_of(1.0 + 1e-3 * NOISE[:n])]
        judged = judge(family, "higher", 0.5, correction)
        assert {comparison.verdict for comparison in judged} == {verdict}
        assert {comparison.pairs_needed for comparison in judged} == {needed}
        assert {comparison.too_few_pairs for comparison in judged} == {verdict == "none"}
    assert verdicts([[0.5]]) == {"none"}


def test_few_pairs_are_not_called_equivalent_either() -> None:
    assert judge_one(1e-6 * NOISE[:3], margin=0.5).verdict == "none"


@pytest.mark.parametrize(
    ("arm", "control", "p"),
    [
        # One-sided exact McNemar: P(Bin(b + c, ½) ≥ b) of b seeds where the arm diverged alone.
        (range(5), (), 1 / 32),
        (range(4), (), 1 / 16),
        (range(6), (5, 9), 7 / 64),  # seed 5 diverged in both: 5 against 1
        ((), range(10), 1.0),
        (range(10), range(10), 1.0),
    ],
)
def test_unstable_is_a_flag_by_mcnemars_test(arm: Any, control: Any, p: float) -> None:
    pairs = PairedDifferences(dict(enumerate(0.1 + NOISE)), frozenset(arm), frozenset(control))
    (comparison,) = judge([pairs], "higher", 0.0)
    assert comparison.p_unstable == pytest.approx(p)
    assert (comparison.unstable, comparison.verdict) == (p <= 0.05, "better")
    again, _ = judge([pairs, pairs_of(NOISE)], "higher", 0.0)
    assert again.p_unstable == pytest.approx(min(1.0, 2 * p))  # Holm over the arms


def test_the_effect_among_survivors_stands_second() -> None:
    differences = {0: 0.1, 1: 0.3, 2: -0.7, 3: 0.2}
    (found,) = judge([PairedDifferences(differences, frozenset({2}))], "higher", 0.0)
    assert found.effect == pytest.approx(-0.025)
    assert found.survivors is not None
    assert (found.survivors.n, found.survivors.effect) == (3, pytest.approx(0.2))
    theirs = scipy.stats.ttest_1samp([0.1, 0.3, 0.2], 0).confidence_interval()
    assert found.survivors.interval is not None
    assert found.survivors.interval.low == pytest.approx(theirs.low)
    assert judge_one([0.1, 0.2]).survivors is None


def test_simultaneous_intervals_decide_on_the_margin() -> None:
    alone = judge_one(0.01 + NOISE, margin=0.0072)
    family = judge([pairs_of(0.01 + NOISE), *5 * [pairs_of(NOISE)]], "higher", 0.0072)
    theirs = scipy.stats.ttest_1samp(0.01 + NOISE, 0).confidence_interval(1 - 0.05 / 6)
    assert (alone.size, family[0].size) == ("at_least_the_margin", None)
    assert alone.interval == alone.simultaneous == family[0].interval
    assert family[0].simultaneous is not None
    assert family[0].simultaneous.low == pytest.approx(theirs.low)
    assert family[0].simultaneous.low < 0.0072 < alone.interval.low


@pytest.mark.parametrize(("better", "expected"), [("higher", 0.7), ("lower", 0.3)])
def test_the_probability_of_improvement_counts_ties_half(better: str, expected: float) -> None:
    found = judge_one([1, 2, 3, 0, -1], better)
    assert found.probability_of_improvement == pytest.approx(expected)


@pytest.mark.parametrize("margin", [0.0, 0.1])
@pytest.mark.parametrize("correction", ["max_t", "holm"])
def test_equal_scores_at_fewer_than_six_seeds_are_no_proof_of_anything(
    margin: float, correction: Any
) -> None:
    """A metric of 0 or 1: with true rates of .5 and .85, two seeds are equal in half of studies."""
    for n in range(9):
        (found,) = judge([pairs_of(n * [0.0])], "higher", margin, correction)
        assert found.verdict == ("equivalent" if n >= 6 else "none"), n
        assert finding(found, "higher", margin) == ("not_worse" if n >= 6 else "not_settled")
