import math

import numpy as np
import pytest

from ablations.analysis.infer.summary import Summary, summarize


@pytest.mark.parametrize("n", [2, 3, 10, 50])
def test_mean_and_deviation_are_numpys(n: int) -> None:
    values = np.random.default_rng(n).normal(0.8, 0.05, size=n).tolist()
    summary = summarize(values)
    assert summary.n == n
    assert summary.mean == pytest.approx(np.mean(values), rel=1e-14)
    assert summary.standard_deviation == pytest.approx(np.std(values, ddof=1), rel=1e-13)


def test_one_value_has_no_spread_and_none_has_no_mean() -> None:
    assert summarize([0.25]) == Summary(1, 0.25, None)
    assert summarize([]) == Summary(0, None, None)


def test_equal_values_have_exactly_their_mean_and_no_spread() -> None:
    assert summarize([0.1, 0.1, 0.1]) == Summary(3, 0.1, 0.0)


def test_huge_losses_overflow_nothing() -> None:
    assert summarize([1.5e308, 1.5e308]) == Summary(2, 1.5e308, 0.0)
    assert math.isfinite(summarize([1e200, 3e200]).standard_deviation or math.inf)
