import numpy as np
import pytest
import scipy.stats

from ablations.analysis.infer.settle import settle
from ablations.analysis.infer.summary import Summary


@pytest.mark.parametrize("comparisons", [1, 17])
def test_the_detectable_effect_is_found_with_about_80_percent_power(comparisons: int) -> None:
    found = settle(Summary(10, 0.5, 2.0), comparisons)
    assert found is not None
    draw = np.random.default_rng(0)
    samples = draw.normal(found.detectable, 2.0, size=(20_000, 10))
    p_values = scipy.stats.ttest_1samp(samples, 0, axis=1).pvalue
    # The formula adds two central quantiles, where the power is that of a noncentral t.
    assert np.mean(p_values <= 0.05 / comparisons) == pytest.approx(0.8, abs=0.04)


def test_the_seeds_needed_are_those_whose_detectable_effect_is_the_observed_one() -> None:
    found = settle(Summary(10, 0.5, 1.0), 5)
    assert found is not None
    assert found.more_seeds is not None
    needed = 10 + found.more_seeds
    there = settle(Summary(needed, 0.5, 1.0), 5)
    before = settle(Summary(needed - 1, 0.5, 1.0), 5)
    assert there is not None
    assert before is not None
    assert there.detectable <= 0.5 < before.detectable


def test_an_effect_of_nothing_needs_no_feasible_number_of_seeds() -> None:
    found = settle(Summary(10, 0.0, 1.0), 5)
    assert found is not None
    assert found.more_seeds is None
    assert settle(Summary(1, 0.5, None), 5) is None
