from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import scipy.stats

from ablations.analysis.infer.divergence import Divergence
from ablations.analysis.infer.pairs import PairedDifferences
from ablations.analysis.infer.verdicts import Comparison, judge

# Ten paired differences around 0 with a standard error of 0.0010.
NOISE = scipy.stats.norm.ppf((np.arange(10) + 0.5) / 10)
NOISE = 0.001 * np.sqrt(10) * NOISE / NOISE.std(ddof=1)


def judge_one(differences: Sequence[float], better: Any = "higher", margin: float = 0.0) -> Any:
    (comparison,) = judge([PairedDifferences(tuple(differences))], better, margin)
    return comparison


def verdicts(family: Sequence[Sequence[float]], margin: float = 0.0) -> set[str]:
    judged = judge([PairedDifferences(tuple(values)) for values in family], "higher", margin)
    return {comparison.verdict for comparison in judged}


def test_effect_is_the_mean_with_students_intervals() -> None:
    comparison = judge_one((0.01 + NOISE).tolist())
    theirs = scipy.stats.ttest_1samp(0.01 + NOISE, 0)
    assert (comparison.n, comparison.effect) == (10, pytest.approx(0.01))
    for ours, level in ((comparison.interval, 0.95), (comparison.interval_90, 0.90)):
        expected = theirs.confidence_interval(level)
        assert (ours.low, ours.high) == pytest.approx((expected.low, expected.high))


def test_without_pairs_there_are_no_numbers() -> None:
    assert judge_one([]) == Comparison("none", None, 0, None, None, None, None, None, 1, ())


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
    weak, strong = PairedDifferences(tuple(0.0019 + NOISE)), PairedDifferences(tuple(0.01 + NOISE))
    (alone,) = judge([weak], "higher", 0.0)
    assert alone.p == pytest.approx(
        scipy.stats.permutation_test(
            (weak.values,), np.mean, permutation_type="samples", n_resamples=np.inf
        ).pvalue
    )
    assert (alone.verdict, alone.p_corrected) == ("inconclusive", alone.p)
    first, absent, last = judge([strong, PairedDifferences(()), weak], "higher", 0.0)
    assert first.p_corrected == pytest.approx(3 * 2 / 1024)
    assert (absent.verdict, absent.p_corrected) == ("none", None)
    assert last.p_corrected == pytest.approx(2 * alone.p)


def test_too_few_pairs_give_no_verdict_whatever_the_size() -> None:
    assert verdicts([1.0 + 1e-3 * NOISE[:8]] * 7, margin=0.5) == {"none"}
    assert verdicts([1.0 + 1e-3 * NOISE[:9]] * 7, margin=0.5) == {"better"}
    assert verdicts([[0.5]]) == {"none"}


def test_few_pairs_are_not_called_equivalent_either() -> None:
    assert judge_one(1e-6 * NOISE[:3], margin=0.5).verdict == "none"


def test_it_says_how_many_pairs_a_verdict_needs() -> None:
    few = judge([PairedDifferences((1.0,) * 8)] * 7, "higher", 0.0)[0]
    assert few.too_few_pairs
    enough = judge([PairedDifferences((1.0,) * few.pairs_needed)] * 7, "higher", 0.0)[0]
    assert not enough.too_few_pairs
    assert enough.verdict == "better"


@pytest.mark.parametrize(
    ("arm", "control", "unstable"),
    [
        (Divergence(3, 8), Divergence(0, 8), True),
        (Divergence(1, 8), Divergence(1, 8), False),
        (Divergence(2, 8), Divergence(1, 4), False),  # the same share
        (Divergence(0, 8), Divergence(5, 8), False),
        (Divergence(8, 8), Divergence(0, 8), True),
    ],
)
def test_more_diverged_runs_than_the_controls_is_unstable(
    arm: Divergence, control: Divergence, unstable: bool
) -> None:
    pairs = PairedDifferences(tuple(0.1 + NOISE), arm, control)
    (comparison,) = judge([pairs], "higher", 0.0)
    assert comparison.verdict == ("unstable" if unstable else "better")


def test_the_same_bits_at_every_seed_are_equivalent_without_a_margin() -> None:
    assert judge_one([0.0] * 3).verdict == "equivalent"
    assert judge_one([0.0] * 3).same_at_every_seed
    assert judge_one([0.0]).verdict == "none"  # one seed says nothing


def test_the_bootstrap_is_shown_only_where_it_disagrees() -> None:
    assert judge_one(0.01 + NOISE).bootstrap is None
    assert judge_one([0.0100, 0.0101, 0.0099, 0.0102, 0.0098] * 2 + [-0.08]).bootstrap is not None
