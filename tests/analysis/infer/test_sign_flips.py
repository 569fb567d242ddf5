import numpy as np
import pytest
import scipy.stats

from ablations.analysis.infer.max_t import sign_flip_p_value
from ablations.analysis.infer.sign_flips import smallest_p_value

# Fisher (1935), The Design of Experiments, §21: Darwin's 15 pairs of Zea mays, crossed minus
# self-fertilized, in eighths of an inch.  1,726 of the 32,768 sums reach 314 in size.
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]


def scipys(differences: list[float]) -> float:
    found = scipy.stats.permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=np.inf, vectorized=True
    )
    return float(found.pvalue)


def test_darwins_maize_has_fishers_p() -> None:
    assert sum(DARWIN) == 314
    assert sign_flip_p_value(DARWIN) == 1726 / 32768


@pytest.mark.parametrize("n", [2, 5, 9, 12])
def test_the_exact_test_is_scipys(n: int) -> None:
    draw = np.random.default_rng(n)
    for shift in (0.0, 0.5, 2.0):
        differences = draw.normal(shift, 1.0, size=n).tolist()
        assert sign_flip_p_value(differences) == pytest.approx(scipys(differences), abs=1e-12)


def test_equal_sums_are_ties_however_they_are_added() -> None:
    # A test set of 360 examples gives multiples of 1/360, many of whose sums are equal.
    counts = [3, -1, 2, 2, 0, 1, -2, 4, 1, 1]
    exact = sign_flip_p_value(counts)
    assert exact == pytest.approx(scipys(list(map(float, counts))))
    thirds = [count / 360 for count in counts]
    assert {sign_flip_p_value(thirds), sign_flip_p_value(thirds[::-1])} == {exact}


def test_sign_and_scale_do_not_matter() -> None:
    values = [0.3, -0.1, 0.25, 0.7]
    assert sign_flip_p_value([-value for value in values]) == sign_flip_p_value(values)
    assert sign_flip_p_value([value * 1e300 for value in values]) == sign_flip_p_value(values)


def test_no_difference_at_all_is_no_evidence() -> None:
    assert sign_flip_p_value([0.0, 0.0, 0.0]) == 1.0


def test_many_pairs_are_drawn_with_a_seed_and_come_near_the_exact_value() -> None:
    values = np.random.default_rng(4).normal(0.5, 1.0, size=17)
    flips = 1 - 2 * (np.arange(2**17)[:, None] >> np.arange(17) & 1)
    exact = float(np.mean(np.abs(flips @ values) >= abs(values.sum()) * (1 - 1e-12)))
    drawn = sign_flip_p_value(values.tolist())
    assert 0.01 < exact < 0.2
    assert drawn == sign_flip_p_value(values.tolist())
    assert drawn == pytest.approx(exact, abs=5 * np.sqrt(exact / 100_000))
    assert sign_flip_p_value([1.0] * 40) == 1 / 100_001


def test_the_smallest_p_is_that_of_equal_signs() -> None:
    assert [smallest_p_value(n) for n in (1, 2, 8)] == [1.0, 0.5, 2 / 256]
    for n in (8, 16, 40):
        assert smallest_p_value(n) == sign_flip_p_value([1.0] * n)


@pytest.mark.parametrize("huge", [1e7, 1e12, 1e20, 1e300])
def test_a_huge_difference_beside_small_ones_hides_none_of_them(huge: float) -> None:
    # The huge one decides the sign of every sum; of its flips, 1 in 2⁷ leaves the rest as large.
    assert sign_flip_p_value([huge, *7 * [0.01]]) == 2 / 256
    assert sign_flip_p_value([huge, 1, 2, -1, 4]) == sign_flip_p_value([1e3, 1, 2, -1, 4])
    assert sign_flip_p_value([huge**0.5, huge, 1, 2, 3]) == 2 / 32


def test_two_huge_differences_decide_together() -> None:
    assert sign_flip_p_value([1e9, 1e9, 1, 1]) == sign_flip_p_value([1e3, 1e3, 1, 1]) == 2 / 16
