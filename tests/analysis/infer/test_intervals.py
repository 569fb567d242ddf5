import numpy as np
import pytest
import scipy.stats

from ablations.analysis.infer.intervals import (
    Interval,
    student_interval,
    wilson_interval,
)
from ablations.analysis.infer.summary import summarize

# Brown, Cai and DasGupta (2001), Interval estimation for a binomial proportion; and R's
# prop.test(x, n, correct = FALSE), to four digits.
PUBLISHED = [(0, 10, 0.0, 0.2775), (3, 8, 0.1368, 0.6943), (5, 10, 0.2366, 0.7634)]


@pytest.mark.parametrize("n", [2, 3, 10, 50])
@pytest.mark.parametrize("level", [0.9, 0.95, 1 - 0.05 / 17])
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
