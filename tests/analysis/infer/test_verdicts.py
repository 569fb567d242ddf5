from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import scipy.stats

from ablations.analysis.infer.verdicts import Comparison, Finding, Rate, effect, findings

# Ten paired differences around 0 with a standard error of 0.0010.
NOISE = scipy.stats.norm.ppf((np.arange(10) + 0.5) / 10)
NOISE = 0.001 * np.sqrt(10) * NOISE / NOISE.std(ddof=1)


def judge(differences: Sequence[float], better: Any = "higher", margin: float = 0.0) -> Finding:
    (found,) = findings([Comparison(tuple(differences))], better, margin)
    return found


def test_effect_is_the_mean_with_students_intervals() -> None:
    found = effect((0.01 + NOISE).tolist())
    theirs = scipy.stats.ttest_1samp(0.01 + NOISE, 0)
    assert found is not None
    assert (found.n, found.mean) == (10, pytest.approx(0.01))
    for ours, level in ((found.interval, 0.95), (found.narrow, 0.90)):
        expected = theirs.confidence_interval(level)
        assert ours is not None
        assert (ours.low, ours.high) == pytest.approx((expected.low, expected.high))
    assert effect([]) is None


@pytest.mark.parametrize(
    ("shift", "better", "margin", "verdict", "size"),
    [
        (0.01, "higher", 0.0, "better", ""),
        (0.01, "lower", 0.0, "worse", ""),
        (-0.01, "higher", 0.0, "worse", ""),
        (-0.01, "lower", 0.0, "better", ""),
        (0.01, "higher", 0.005, "better", "by at least the margin"),
        (-0.01, "higher", 0.005, "worse", "by at least the margin"),
        (0.01, "higher", 0.009, "better", ""),  # the interval holds the margin
        (0.01, "higher", 0.05, "better", "by less than the margin"),
        (0.0, "higher", 0.005, "equivalent", ""),
        (0.0, "higher", 0.001, "inconclusive", ""),
        (0.0, "higher", 0.0, "inconclusive", ""),
    ],
)
def test_verdicts(shift: float, better: str, margin: float, verdict: str, size: str) -> None:
    found = judge(shift + NOISE, better, margin)
    assert (found.verdict, found.size) == (verdict, size)


@pytest.mark.parametrize("margin", np.linspace(0.0005, 0.004, 8))
@pytest.mark.parametrize("shift", [0.0, 0.0007])
def test_equivalent_is_two_one_sided_tests_at_five_percent(shift: float, margin: float) -> None:
    values = shift + NOISE
    above = scipy.stats.ttest_1samp(values, -margin, alternative="greater").pvalue
    below = scipy.stats.ttest_1samp(values, margin, alternative="less").pvalue
    found = judge(values, margin=float(margin))
    assert found.verdict in ("equivalent", "inconclusive")
    assert (found.verdict == "equivalent") == (max(above, below) < 0.05)


def test_the_family_is_corrected_together_and_counts_arms_without_runs() -> None:
    differences = tuple(0.0019 + NOISE)
    (alone,) = findings([Comparison(differences)], "higher", 0.0)
    assert alone.effect is not None
    assert alone.effect.p == pytest.approx(
        scipy.stats.permutation_test(
            (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
        ).pvalue
    )
    assert (alone.verdict, alone.corrected_p) == ("inconclusive", alone.effect.p)
    strong = tuple(0.01 + NOISE)
    found = findings([Comparison(strong), Comparison(()), Comparison(differences)], "higher", 0.0)
    assert found[0].corrected_p == pytest.approx(3 * 2 / 1024)
    assert found[1].verdict == "none"
    assert found[1].corrected_p is None
    assert found[2].corrected_p == pytest.approx(2 * alone.effect.p)


def test_too_few_pairs_give_no_verdict_whatever_the_size() -> None:
    seven = [Comparison(tuple(1.0 + 1e-3 * NOISE[:8]))] * 7
    assert {found.verdict for found in findings(seven, "higher", 0.5)} == {"none"}
    nine = [Comparison(tuple(1.0 + 1e-3 * NOISE[:9]))] * 7
    assert {found.verdict for found in findings(nine, "higher", 0.5)} == {"better"}
    assert judge([0.5]).verdict == "none"
    assert judge([]).verdict == "none"


def test_few_pairs_are_not_called_equivalent_either() -> None:
    assert judge(1e-6 * NOISE[:3], margin=0.5).verdict == "none"


@pytest.mark.parametrize(
    ("arm", "control", "unstable"),
    [
        (Rate(3, 8), Rate(0, 8), True),
        (Rate(1, 8), Rate(1, 8), False),
        (Rate(2, 8), Rate(1, 4), False),  # the same share
        (Rate(0, 8), Rate(5, 8), False),
        (Rate(8, 8), Rate(0, 8), True),
    ],
)
def test_more_diverged_runs_than_the_controls_is_unstable(
    arm: Rate, control: Rate, unstable: bool
) -> None:
    (found,) = findings([Comparison(tuple(0.1 + NOISE), arm, control)], "higher", 0.0)
    assert found.verdict == ("unstable" if unstable else "better")


def test_the_same_bits_at_every_seed_are_equivalent_without_a_margin() -> None:
    assert judge([0.0] * 3).verdict == "equivalent"
    assert judge([0.0] * 3).same_at_every_seed
    assert judge([0.0]).verdict == "none"  # one seed says nothing


def test_the_bootstrap_is_shown_only_where_it_disagrees() -> None:
    assert judge(0.01 + NOISE).bootstrap is None
    assert judge([0.0100, 0.0101, 0.0099, 0.0102, 0.0098] * 2 + [-0.08]).bootstrap is not None
