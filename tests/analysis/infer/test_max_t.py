"""Against exhaustive enumeration in exact arithmetic, as STATISTICS.md states the formulas."""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import numpy as np
import pytest

from ablations.analysis.infer.max_t import best_p_values, max_t, sign_flip_p_value

Values = Mapping[int, Fraction]
NONE: dict[int, float] = {}


def signed_square(values: Values, signs: Mapping[int, int]) -> Fraction:
    """Return sign(T)·T² of one arm under one flip, which orders as T does."""
    total = sum((signs[seed] * value for seed, value in values.items()), Fraction(0))
    squares = sum((value**2 for value in values.values()), Fraction(0))
    return total * abs(total) / squares if squares else Fraction(0)


def all_flips(seeds: Sequence[int]) -> list[dict[int, int]]:
    every = itertools.product((1, -1), repeat=len(seeds))
    return [dict(zip(seeds, signs, strict=True)) for signs in every]


def enumerated_max_t(family: Sequence[Values]) -> tuple[list[Fraction], list[Fraction]]:
    """Return p of each arm alone, and by max-T."""
    flips = all_flips(sorted(set().union(*family)))
    observed = [abs(signed_square(arm, flips[0])) for arm in family]
    flipped = [[abs(signed_square(arm, signs)) for arm in family] for signs in flips]
    ranked = sorted(range(len(family)), key=lambda arm: -observed[arm])
    alone = [
        Fraction(sum(row[arm] >= observed[arm] for row in flipped), len(flips))
        for arm in range(len(family))
    ]
    corrected, largest = len(family) * [Fraction(0)], Fraction(0)
    for rank, arm in enumerate(ranked):
        reached = sum(max(row[b] for b in ranked[rank:]) >= observed[arm] for row in flipped)
        largest = max(largest, Fraction(reached, len(flips)))
        corrected[arm] = largest
    return alone, corrected


def enumerated_best(scores: Sequence[Values], sign: int) -> list[float]:
    found = []
    for arm in scores:
        others = [
            {seed: sign * (other[seed] - arm[seed]) for seed in arm.keys() & other.keys()}
            for other in scores
            if other is not arm
        ]
        flips = all_flips(sorted(set().union(*scores)))
        flipped = [max(signed_square(other, signs) for other in others) for signs in flips]
        found.append(sum(value >= flipped[0] for value in flipped) / len(flips))
    return found


def as_floats(family: Sequence[Values]) -> list[dict[int, float]]:
    return [{seed: float(value) for seed, value in arm.items()} for arm in family]


def drawn(number: int, unit: int, kept: float = 1.0) -> list[Values]:
    """Return arms of few seeds on the grid of a test set: ties, zeros and lost seeds."""
    draw = np.random.default_rng(number)
    arms, seeds = draw.integers(1, 6), draw.integers(1, 8)
    return [
        {
            seed: Fraction(int(draw.integers(-3, 6)), unit)
            for seed in range(seeds)
            if draw.random() < kept
        }
        for _ in range(arms)
    ]


@pytest.mark.parametrize("unit", [1, 360, 10_000])
@pytest.mark.parametrize("kept", [1.0, 0.8])
@pytest.mark.parametrize("number", range(12))
def test_max_t_is_the_enumerated_one(number: int, unit: int, kept: float) -> None:
    family = drawn(number, unit, kept)
    alone, corrected = enumerated_max_t(family)
    found = max_t(as_floats(family))
    assert found.p == pytest.approx([float(p) for p in alone], abs=1e-12)
    assert found.p_corrected == pytest.approx([float(p) for p in corrected], abs=1e-12)


@pytest.mark.parametrize("unit", [1, 360, 10_000])
@pytest.mark.parametrize("kept", [1.0, 0.8])
@pytest.mark.parametrize("better", ["higher", "lower"])
@pytest.mark.parametrize("number", range(8))
def test_the_best_set_is_the_enumerated_one(
    number: int, unit: int, kept: float, better: str
) -> None:
    scores = drawn(number, unit, kept)
    if len(scores) < 2:
        return
    found = best_p_values(as_floats(scores), better)  # type: ignore[arg-type]
    enumerated = enumerated_best(scores, 1 if better == "higher" else -1)
    for ours, exact in zip(found, enumerated, strict=True):
        # Without b = a: an arm that none beats may have less than 1, and stays in either way.
        assert ours == pytest.approx(exact, abs=1e-12) or (ours == 1.0 and exact >= 0.5)


def test_one_arm_alone_is_the_sign_flip_test() -> None:
    values = [0.3, -0.1, 0.2, 0.4, 0.1, 0.1]
    found = max_t([dict(enumerate(values))])
    assert found.p == found.p_corrected == (sign_flip_p_value(values),)


def test_a_huge_arm_changes_no_other_arms_p() -> None:
    """All T are free of scale: small arms keep their own p however large another's values are."""
    draw = np.random.default_rng(3)
    small = [dict(enumerate((draw.integers(-2, 5, size=8) / 360).tolist())) for _ in range(4)]
    ordinary = dict(enumerate(draw.normal(size=8).tolist()))
    results = [max_t([*small, {s: scale * v for s, v in ordinary.items()}]) for scale in
               (1e-200, 1.0, 1e20, 1e250)]  # fmt: skip
    assert len(set(results)) == 1
    assert results[0].p[:4] == max_t(small).p


def test_arms_without_differences_or_seeds_take_nothing_from_the_others() -> None:
    strong = dict.fromkeys(range(6), 0.5)
    found = max_t([NONE, strong, dict.fromkeys(range(6), 0.0), {0: 0.0}])
    assert found.p_corrected == (1.0, 2 / 64, 1.0, 1.0)
    assert max_t([NONE, NONE]).p == (1.0, 1.0)
    assert max_t([]).p == ()


def test_what_arms_share_counts_once() -> None:
    """Copies of one arm are one test: Holm would take each of them for another."""
    arm = dict(enumerate([0.3, 0.1, 0.2, 0.4, 0.1, 0.2, -0.1]))
    alone = max_t([arm])
    assert max_t(5 * [arm]).p_corrected == 5 * alone.p


def test_six_seeds_are_enough_for_any_number_of_arms() -> None:
    draw = np.random.default_rng(0)
    family = [dict(enumerate((1 + 0.1 * draw.normal(size=6)).tolist())) for _ in range(30)]
    assert set(max_t(family).p_corrected) == {2 / 64}


def test_many_seeds_are_drawn_alike_each_time_and_come_near_the_exact_values() -> None:
    draw = np.random.default_rng(1)
    values = draw.normal(0.55, 1.0, size=(3, 17))
    scaled = values / np.sqrt((values**2).sum(axis=1, keepdims=True))
    signs = 1 - 2 * (np.arange(2**17)[:, None] >> np.arange(17) & 1)
    flipped, observed = np.abs(signs @ scaled.T), np.abs(scaled.sum(axis=1))
    family = [dict(enumerate(arm.tolist())) for arm in values]
    first = max_t(family)
    exact = [float(np.mean(flipped[:, a] >= observed[a] - 1e-12)) for a in range(3)]
    assert first.p == pytest.approx(exact, abs=0.006)
    top = int(observed.argmax())
    single_step = float(np.mean(flipped.max(axis=1) >= observed[top] - 1e-12))
    assert first.p_corrected[top] == pytest.approx(single_step, abs=0.006)
    assert max_t(family) == first
    strong = max_t([dict.fromkeys(range(40), 1.0)])
    assert strong.p == strong.p_corrected == (1 / 100_001,)


def test_the_arm_with_the_best_mean_stays_and_clearly_worse_arms_leave() -> None:
    draw = np.random.default_rng(2)
    noise = draw.normal(0, 0.003, size=(4, 10))
    means = np.array([[0.95], [0.95], [0.90], [0.20]])
    scores = [dict(enumerate(arm.tolist())) for arm in means + noise]
    found = best_p_values(scores, "higher")
    assert found[int((means + noise).mean(axis=1).argmax())] == 1.0
    assert [p > 0.05 for p in found] == [True, True, False, False]
    assert [p > 0.05 for p in best_p_values(scores, "lower")] == [False, False, False, True]


def test_nineteen_arms_of_fifty_seeds_are_fast(show: Callable[[str], None]) -> None:
    draw = np.random.default_rng(0)
    scores = [dict(enumerate(draw.normal(size=50).tolist())) for _ in range(20)]
    family = [{seed: arm[seed] - scores[0][seed] for seed in arm} for arm in scores[1:]]
    began = time.process_time()
    max_t(family)
    tested = time.process_time()
    best_p_values(scores, "higher")
    took = tested - began, time.process_time() - tested
    show(f"19 arms, 50 seeds: max-T {took[0]:.2f} s, the best set {took[1]:.2f} s of one core")
    assert sum(took) < 5  # of a machine that does much else; 0.5 alone
