import numpy as np
import pytest
import scipy.stats

from ablations.analysis.infer.intervals import (
    Interval,
    bca_interval,
    disagree,
    student_interval,
    wilson_interval,
)
from ablations.analysis.infer.summary import summarize

# Brown, Cai and DasGupta (2001), Interval estimation for a binomial proportion; and R's
# prop.test(x, n, correct = FALSE), to four digits.
PUBLISHED = [(0, 10, 0.0, 0.2775), (3, 8, 0.1368, 0.6943), (5, 10, 0.2366, 0.7634)]


@pytest.mark.parametrize("n", [2, 3, 10, 50])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_students_interval_is_scipys(n: int, level: float) -> None:
    values = np.random.default_rng(n).normal(0.8, 0.05, size=n).tolist()
    ours = student_interval(summarize(values), level)
    theirs = scipy.stats.ttest_1samp(values, 0).confidence_interval(level)
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-12)


def test_one_value_has_no_interval_and_equal_values_one_without_width() -> None:
    assert student_interval(summarize([0.25])) is None
    assert student_interval(summarize([0.1, 0.1, 0.1])) == Interval(0.1, 0.1)


@pytest.mark.parametrize(("count", "total", "low", "high"), PUBLISHED)
def test_wilsons_interval(count: int, total: int, low: float, high: float) -> None:
    found = wilson_interval(count, total)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_the_bootstrap_is_scipys_over_seeds() -> None:
    values = np.random.default_rng(0).normal(0.01, 0.02, size=12)
    ours = bca_interval(values.tolist())
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=9999, method="BCa", rng=np.random.default_rng(7)
    ).confidence_interval
    assert ours is not None
    width = theirs.high - theirs.low
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.05 * width)
    assert ours == bca_interval(values.tolist())


def test_equal_means_stay_equal_in_any_order_of_addition() -> None:
    values = [count / 360 for count in (3, -1, 2, 2, 0, 1, -2, 4, 1, 1)]
    one, other = bca_interval(values), bca_interval([7 * value for value in values])
    assert one is not None
    assert other is not None
    assert (other.low, other.high) == pytest.approx((7 * one.low, 7 * one.high), rel=1e-9)


@pytest.mark.parametrize("values", [[0.1] * 9, [0.1] * 12, [1.0], []])
def test_few_seeds_or_no_spread_have_no_bootstrap(values: list[float]) -> None:
    assert bca_interval(values) is None


def test_normal_differences_agree_and_an_outlier_does_not() -> None:
    normal = scipy.stats.norm.ppf((np.arange(12) + 0.5) / 12) + 2
    outlier = np.append(np.linspace(0.9, 1.1, 11), -8.0)
    for values, expected in ((normal, False), (outlier, True)):
        student = scipy.stats.ttest_1samp(values, 0).confidence_interval(0.95)
        checked = bca_interval(values.tolist())
        assert checked is not None
        assert disagree(Interval(float(student.low), float(student.high)), checked) is expected
