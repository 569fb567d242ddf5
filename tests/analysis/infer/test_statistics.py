import math

import numpy as np
import pytest
import scipy.stats

from ablations.analysis.infer.statistics import (
    mean,
    paired_differences,
    standard_deviation,
    t_interval,
)

DRAWS = [
    np.random.default_rng(seed).normal(0.8, 0.05, size=n).tolist()
    for seed, n in enumerate([2, 3, 10, 50])
]


@pytest.mark.parametrize("values", DRAWS, ids=len)
def test_mean_deviation_and_interval_are_scipys(values: list[float]) -> None:
    assert mean(values) == pytest.approx(np.mean(values), rel=1e-14)
    assert standard_deviation(values) == pytest.approx(np.std(values, ddof=1), rel=1e-13)
    for level in (0.9, 0.95):
        ours = t_interval(values, level)
        theirs = scipy.stats.ttest_1samp(values, 0).confidence_interval(level)
        assert ours is not None
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-12)


def test_one_value_has_no_spread() -> None:
    assert mean([0.25]) == 0.25
    assert standard_deviation([0.25]) is None
    assert t_interval([0.25]) is None


def test_equal_values_have_none_either() -> None:
    assert standard_deviation([0.1, 0.1, 0.1]) == 0


def test_huge_losses_overflow_nothing() -> None:
    assert mean([1.5e308, 1.5e308]) == pytest.approx(1.5e308)
    assert math.isfinite(standard_deviation([1e200, 3e200]) or math.inf)


def test_only_shared_seeds_are_paired() -> None:
    differences = paired_differences({2: 0.75, 0: 0.5, 9: 1.0}, {0: 0.25, 2: 0.25, 5: 0.0})
    assert differences == {0: 0.25, 2: 0.5}
    assert list(differences) == [0, 2]
