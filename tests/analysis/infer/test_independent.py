"""Independent replicates, against NumPy, SciPy and hand counts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from ablations.analysis.infer.arms import arm_summaries
from ablations.analysis.infer.corrections import can_be_significant, holm, pairs_needed
from ablations.analysis.infer.independent import IndependentRuns, seed_correlation
from ablations.analysis.infer.inference import infer
from ablations.analysis.infer.permutations import (
    best_p_values,
    permutation_p_values,
    smallest_p_value,
)
from ablations.analysis.infer.verdicts import Comparison, judge
from ablations.analysis.read.collect import collect

# Validation losses that KellerJordan/modded-nanogpt published, lower is better.
XSA = {
    "master": [3.2794, 3.2803, 3.2794, 3.2797, 3.2797, 3.2798, 3.2808],
    "xsa": [3.2792, 3.2769, 3.2775, 3.2785, 3.2798, 3.279, 3.2805, 3.2798, 3.2803, 3.2787, 3.2777],
}
MUDD = {
    "baseline": [
        3.2795, 3.2782, 3.2793, 3.2792, 3.281, 3.278, 3.2792, 3.2771, 3.2774, 3.2786,
    ],
    "s1430": [3.2848, 3.2861, 3.2882, 3.2889, 3.2887, 3.2858, 3.2856, 3.2859, 3.2861, 3.2873],
    "v1": [3.2794, 3.2777, 3.2783, 3.2793, 3.2759, 3.2784, 3.2786, 3.2815, 3.2775, 3.2767],
    "s1415": [3.2795, 3.2815, 3.2829, 3.2836, 3.2812, 3.2802, 3.2811, 3.2815, 3.2821, 3.2811],
    "v2": [3.2771, 3.278, 3.2776, 3.2784, 3.2773, 3.2802, 3.2789, 3.2789, 3.2768, 3.2777],
    "v3": [3.2795, 3.2774, 3.2775, 3.2776, 3.2777, 3.278, 3.2795, 3.2767, 3.2781, 3.2785],
}  # fmt: skip
UNPAIRED = {
    "base": [3.2798, 3.2794, 3.2774, 3.2787, 3.2788, 3.2791, 3.2778],
    "new": [3.2756, 3.2772, 3.2771, 3.2783, 3.2783, 3.2784, 3.2772],
}
DISJOINT = {
    "base": [0.912, 0.905, 0.918, 0.909, 0.914, 0.907],
    "mixup": [0.921, 0.919, 0.926, 0.915, 0.922, 0.918],
}


def runs(values: Sequence[float], first: int = 0) -> dict[int, float]:
    return dict(enumerate(map(float, values), first))


def judge_arms(
    arms: Mapping[str, Sequence[float]], better: Any = "lower", margin: float = 0.0
) -> dict[str, Comparison]:
    control, *others = arms
    family = [IndependentRuns(runs(arms[arm]), runs(arms[control])) for arm in others]
    return dict(zip(others, judge(family, better, margin, "holm"), strict=True))


def welch_t(first: Any, second: Any, axis: int = -1) -> Any:
    return scipy.stats.ttest_ind(first, second, axis=axis, equal_var=False).statistic


def scipy_p(arm: Sequence[float], reference: Sequence[float], two_sided: bool = True) -> float:
    """All splits, of a statistic around which rounding of decimals decides nothing."""
    center = np.median([*arm, *reference])
    scaled = [np.round((np.array(each) - center) * 1e4, 6) for each in (arm, reference)]

    def statistic(a: Any, b: Any, axis: int = -1) -> Any:
        t = np.round(welch_t(a, b, axis), 9)
        return np.abs(t) if two_sided else t

    return float(
        scipy.stats.permutation_test(
            scaled, statistic, vectorized=True, alternative="greater", n_resamples=np.inf
        ).pvalue
    )


@pytest.mark.parametrize("arms", [XSA, UNPAIRED, DISJOINT], ids=["xsa", "unpaired", "disjoint"])
def test_two_arms_as_scipy_compares_them(arms: Mapping[str, Sequence[float]]) -> None:
    (control, arm), (comparison,) = arms.values(), judge_arms(arms).values()
    theirs = scipy.stats.ttest_ind(arm, control, equal_var=False)
    assert (comparison.n, comparison.n_reference) == (len(arm), len(control))
    assert comparison.effect == pytest.approx(np.mean(arm) - np.mean(control))
    for ours, level in ((comparison.interval, 0.95), (comparison.equivalence_interval, 0.9)):
        expected = theirs.confidence_interval(level)
        assert ours is not None
        assert (ours.low, ours.high) == pytest.approx((expected.low, expected.high))
    assert comparison.p == pytest.approx(scipy_p(arm, control))
    wins = scipy.stats.mannwhitneyu(control, arm).statistic  # the share with a lower loss
    assert comparison.probability_of_improvement == pytest.approx(wins / len(arm) / len(control))


def test_published_results_by_hand() -> None:
    (xsa,) = judge_arms(XSA).values()
    assert xsa.effect == pytest.approx(-0.0010, abs=5e-5)
    # Welch's p is .030, that of the plain difference of means .057.
    assert xsa.p == pytest.approx(0.0330, abs=5e-4)
    (unpaired,) = judge_arms(UNPAIRED).values()
    assert (unpaired.verdict, unpaired.p) == ("better", pytest.approx(88 / 3432))
    (disjoint,) = judge_arms(DISJOINT, "higher", 0.005).values()
    assert (disjoint.verdict, disjoint.p) == ("better", pytest.approx(6 / 924))


def test_a_family_is_corrected_by_holm() -> None:
    judged = judge_arms(MUDD)
    draw = np.random.default_rng(5)
    p = []
    for arm in list(MUDD)[1:]:
        values = np.round((np.array(MUDD[arm] + MUDD["baseline"]) - 3.28) * 1e4)
        shuffled = draw.permuted(np.tile(values, (100_000, 1)), axis=1)
        t = np.abs(welch_t(shuffled[:, :10], shuffled[:, 10:]))
        p.append(float((t >= np.abs(welch_t(values[:10], values[10:])) - 1e-9).mean()))
    assert [each.p for each in judged.values()] == pytest.approx(p, abs=0.005)
    assert [each.p_corrected for each in judged.values()] == pytest.approx(
        holm([each.p or 0.0 for each in judged.values()])
    )
    assert {arm: each.verdict for arm, each in judged.items()} == {
        "s1430": "worse", "v1": "inconclusive", "s1415": "worse", "v2": "inconclusive",
        "v3": "inconclusive",
    }  # fmt: skip
    # Simultaneous: Bonferroni over the five arms.
    interval = judged["v2"].simultaneous
    expected = scipy.stats.ttest_ind(
        MUDD["v2"], MUDD["baseline"], equal_var=False
    ).confidence_interval(1 - 0.05 / 5)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


def test_the_arms_that_may_be_the_best() -> None:
    kept = [p > 0.05 for p in best_p_values(list(MUDD.values()), "lower")]
    assert dict(zip(MUDD, kept, strict=True)) == {
        "baseline": True, "s1430": False, "v1": True, "s1415": False, "v2": True, "v3": True,
    }  # fmt: skip
    arms = [UNPAIRED["base"], UNPAIRED["new"], [value + 2e-4 for value in UNPAIRED["new"]]]
    found = best_p_values(arms, "lower")
    for arm, p in zip(arms, found, strict=True):
        negative = [[-value for value in each] for each in arms if np.mean(each) < np.mean(arm)]
        above = [scipy_p(b, [-value for value in arm], two_sided=False) for b in negative]
        assert p == pytest.approx(min([1.0, *(2 * each for each in above)]))


def test_draws_are_used_beyond_65_536_splits_and_agree_with_all_of_them() -> None:
    draw = np.random.default_rng(3)
    first, second = draw.normal(0.9, 1, 10), draw.normal(0, 1, 10)
    values = np.concatenate([first, second])
    chosen = np.array(list(itertools.combinations(range(20), 10)))
    inside = np.zeros((len(chosen), 20), dtype=bool)
    np.put_along_axis(inside, chosen, values=True, axis=1)
    tiled = np.tile(values, (len(chosen), 1))
    t = np.abs(welch_t(tiled[inside].reshape(-1, 10), tiled[~inside].reshape(-1, 10)))
    (p,) = permutation_p_values([(first.tolist(), second.tolist())])
    assert p == pytest.approx((t >= abs(welch_t(first, second)) - 1e-9).mean(), abs=0.003)


def test_the_guard_counts_splits() -> None:
    assert smallest_p_value(5, 5) == 2 / 252
    assert smallest_p_value(4, 8) == 1 / 495
    assert (smallest_p_value(1, 30), smallest_p_value(0, 5)) == (1.0, 1.0)
    assert not can_be_significant(5, 7, "holm", reference=5)
    assert can_be_significant(6, 7, "holm", reference=6)
    assert [pairs_needed(m, "holm", independent=True) for m in (1, 7)] == [4, 6]
    for n, verdict in ((5, "none"), (6, "better")):
        arms = {"base": list(range(n))} | {
            str(k): [100.0 + k + j for j in range(n)] for k in range(7)
        }
        assert {each.verdict for each in judge_arms(arms, "higher").values()} == {verdict}
        assert {each.pairs_needed for each in judge_arms(arms).values()} == {6}


@pytest.mark.parametrize(
    ("arm", "control", "p", "verdict"),
    [
        ([1.0] * 6, [0.0] * 6, 2 / 924, "better"),  # neither has a spread: t is infinite
        ([1.0] * 6, [1.0] * 6, 1.0, "equivalent"),
        ([1.0] * 3, [1.0] * 3, 1.0, "none"),
        ([1.0] * 6, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5], 2 / 924, "better"),
        ([1.0] * 6, [0.0] * 5 + [1.0], 14 / 924, "better"),
        ([2.0], [0.0, 0.1, 0.2], 1.0, "none"),
        ([2.0, 2.1], [0.0], 1.0, "none"),
        ([], [0.0, 0.1], None, "none"),
        ([0.0, 0.1], [], None, "none"),
    ],
)
def test_degenerate_runs(
    arm: list[float], control: list[float], p: float | None, verdict: str
) -> None:
    """Six ones and five noughts with a one: the 7 splits with all noughts in one arm, twice."""
    comparison = judge_arms({"control": control, "arm": arm}, "higher").popitem()[1]
    assert comparison.p == (None if p is None else pytest.approx(p))
    assert comparison.verdict == verdict
    if p is None:
        assert (comparison.effect, comparison.p_corrected) == (None, None)
        assert comparison.probability_of_improvement is None


@pytest.mark.parametrize("scale", [1e-100, 1e-9, 1.0, 1e9, 1e100])
@pytest.mark.parametrize("offset", [0.0, 1.0, -1000.0])
def test_no_scale_and_no_offset_decides(scale: float, offset: float) -> None:
    (before,) = judge_arms(XSA).values()
    moved = {arm: [(value + offset) * scale for value in of_arm] for arm, of_arm in XSA.items()}
    (after,) = judge_arms(moved).values()
    assert after.p == before.p
    assert (after.effect or 0) / scale == pytest.approx(before.effect, rel=1e-6)
    assert after.interval is not None
    assert before.interval is not None
    assert after.interval.low / scale == pytest.approx(before.interval.low, rel=1e-6)


def test_a_huge_run_hides_no_order_of_the_others() -> None:
    """In exact arithmetic, by fractions of whole numbers."""
    first, second = [3, 5, 6, 10**12], [0, 1, 2, 4]
    values, n = first + second, 4

    def squared_t(inside: Sequence[int]) -> tuple[int, int]:
        a = [values[i] for i in inside]
        b = [values[i] for i in range(8) if i not in inside]
        spread = sum(n * sum(v * v for v in each) - sum(each) ** 2 for each in (a, b))
        return (sum(a) - sum(b)) ** 2, spread  # t² up to a factor that is the same for all

    top, bottom = squared_t(range(4))
    splits = list(itertools.combinations(range(8), 4))
    as_large = sum(
        t * bottom >= top * spread for t, spread in (squared_t(inside) for inside in splits)
    )
    (p,) = permutation_p_values([(list(map(float, first)), list(map(float, second)))])
    assert p == as_large / len(splits)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 12), min_size=2, max_size=6),
    st.lists(st.integers(0, 12), min_size=2, max_size=6),
    st.integers(0, 3),
)
def test_any_two_arms_on_a_grid(first: list[int], second: list[int], grid: int) -> None:
    """Against exact whole numbers: no tie is missed and none is made."""
    step = (1.0, 1 / 360, 1e-4, 1 / 3)[grid]
    values, n, m = first + second, len(first), len(second)

    def squared_t(inside: Sequence[int]) -> tuple[int, int]:
        a = [values[i] for i in inside]
        b = [values[i] for i in range(n + m) if i not in inside]
        variance_a = (n * sum(v * v for v in a) - sum(a) ** 2) * m * m * (m - 1)
        variance_b = (m * sum(v * v for v in b) - sum(b) ** 2) * n * n * (n - 1)
        return (m * sum(a) - n * sum(b)) ** 2 * (n - 1) * (m - 1), variance_a + variance_b

    def is_as_large(one: tuple[int, int], other: tuple[int, int]) -> bool:
        if not one[0] or not other[0]:
            return not other[0]  # t is 0 where the means are equal, whatever the spread
        return one[0] * other[1] >= other[0] * one[1]

    observed = squared_t(range(n))
    splits = list(itertools.combinations(range(n + m), n))
    count = sum(is_as_large(squared_t(inside), observed) for inside in splits)
    scaled = [[0.9 + step * value for value in each] for each in (first, second)]
    (p,) = permutation_p_values([(scaled[0], scaled[1])])
    assert p == pytest.approx(count / len(splits), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(6, 12))
def test_neither_labels_nor_orders_decide(random: Any, n: int) -> None:
    draw = np.random.default_rng(n)
    arms = {name: draw.normal(size=n + k).tolist() for k, name in enumerate("abc")}
    before = judge_arms(arms, "higher", 0.5)
    shuffled = {name: random.sample(values, len(values)) for name, values in arms.items()}
    labels = random.sample(range(1000), n + 2)
    control = dict(zip(labels, shuffled["a"], strict=False))
    names = ["c", "b"]
    family = [
        IndependentRuns(dict(zip(reversed(labels), shuffled[name], strict=False)), control)
        for name in names
    ]
    after = dict(zip(names, judge(family, "higher", 0.5, "holm"), strict=True))
    assert after == before
    best = best_p_values([arms[name] for name in "abc"], "higher")
    again = best_p_values([shuffled[name] for name in "cba"], "higher")
    assert again == best[::-1]


def test_diverged_runs_are_flagged_by_fishers_test() -> None:
    every = runs(np.linspace(0.8, 0.9, 10).tolist())
    for gone, control_gone in itertools.product((0, 2, 5, 9), (0, 1, 4)):
        family = [
            IndependentRuns(every, every, frozenset(range(gone)), frozenset(range(control_gone)))
        ]
        (found,) = judge(family, "higher", 0.0, "holm")
        table = [[gone, 10 - gone], [control_gone, 10 - control_gone]]
        expected = scipy.stats.fisher_exact(table, alternative="greater").pvalue
        assert found.p_unstable == pytest.approx(expected if gone else 1.0)
        assert found.unstable == (found.p_unstable <= 0.05)
        if not gone and not control_gone:
            assert found.survivors is None
            continue
        among = found.survivors
        assert among is not None
        assert (among.n, among.n_reference) == (10 - gone, 10 - control_gone)
        left = [[v for s, v in every.items() if s >= k] for k in (gone, control_gone)]
        assert among.effect == pytest.approx(np.mean(left[0]) - np.mean(left[1]))


def test_what_would_settle_it_counts_runs_an_arm() -> None:
    draw = np.random.default_rng(2)
    arm, control = draw.normal(0.5, 1.5, 8).tolist(), draw.normal(0, 1, 12).tolist()
    comparison = judge_arms({"control": control, "arm": arm}, "higher").popitem()[1]

    def detectable(more: int) -> float:
        n, m = 8 + more, 12 + more
        a, c = np.var(arm, ddof=1) / n, np.var(control, ddof=1) / m
        df = (a + c) ** 2 / (a**2 / (n - 1) + c**2 / (m - 1))
        quantiles = scipy.stats.t.ppf(0.975, df) + scipy.stats.t.ppf(0.8, df)
        return float(quantiles * math.sqrt(a + c))

    assert comparison.verdict == "inconclusive"
    assert comparison.settle is not None
    assert comparison.settle.detectable == pytest.approx(detectable(0))
    more = comparison.settle.more_seeds
    assert more is not None
    assert detectable(more) <= abs(comparison.effect or 0) < detectable(more - 1)


def test_equivalent_is_two_one_sided_welch_tests() -> None:
    draw = np.random.default_rng(9)
    arm, control = draw.normal(0, 1, 20), draw.normal(0, 2, 12)
    for margin in np.linspace(0.2, 3, 15).tolist():
        above = scipy.stats.ttest_ind(arm + margin, control, equal_var=False, alternative="greater")
        below = scipy.stats.ttest_ind(arm - margin, control, equal_var=False, alternative="less")
        found = judge_arms({"control": control.tolist(), "arm": arm.tolist()}, "higher", margin)
        expected = max(above.pvalue, below.pvalue) < 0.05
        assert (found["arm"].verdict == "equivalent") == expected


def test_the_correlation_over_equal_seeds() -> None:
    draw = np.random.default_rng(1)
    shared = draw.normal(size=12)
    arms = [runs((shared + 0.5 * draw.normal(size=12)).tolist()) for _ in range(3)]
    rows = np.array([list(arm.values()) for arm in arms])
    assert seed_correlation(arms) == pytest.approx(np.corrcoef(rows)[np.triu_indices(3, 1)].mean())
    assert seed_correlation([arms[0], runs([1.0] * 12, first=100)]) is None
    assert seed_correlation([arms[0], runs([1.0] * 12)]) is None


def filled(synthetic: Any, shift: int = 0, **changes: Any) -> Any:
    """Two arms whose scores hang on the seed; those of the second are ``shift`` labels on."""
    made = synthetic(("sigmoid", "elu"), 40, **changes)
    draw = np.random.default_rng(4)
    for seed in range(12):
        shared = 0.02 * draw.normal()
        made.add("sigmoid", seed, accuracy=0.8 + shared)
        made.add("elu", seed + shift, accuracy=0.81 + shared + 0.002 * draw.normal())
    return collect(made.runs, made.study.study)


def test_a_study_says_which_it_is(synthetic: Any) -> None:
    paired = infer(filled(synthetic))
    (control, arm) = paired.arms
    assert paired.replicates == "paired"
    assert paired.seed_correlation is None
    assert arm.comparison is not None
    assert (arm.comparison.verdict, arm.comparison.n_reference) == ("better", None)
    independent = infer(filled(synthetic, replicates="independent"))
    (control, arm) = independent.arms
    assert arm.comparison is not None
    assert (independent.replicates, independent.correction) == ("independent", "holm")
    assert (arm.comparison.verdict, arm.comparison.n_reference) == ("inconclusive", 12)
    assert independent.seed_correlation is not None
    assert independent.seed_correlation > 0.9
    assert (control.may_be_best, arm.may_be_best) == (True, True)


def test_other_labels_change_no_number_of_an_independent_study(synthetic: Any) -> None:
    before = arm_summaries(filled(synthetic, replicates="independent", study="labels"))
    after = arm_summaries(filled(synthetic, shift=20, replicates="independent"))
    assert [each.comparison for each in before] == [each.comparison for each in after]


def test_a_skewed_arm_of_more_than_twice_the_controls_spread_is_named(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 12, replicates="independent")
    draw = np.random.default_rng(4)
    for seed in range(12):
        made.add("sigmoid", seed, accuracy=0.8 + 0.001 * draw.normal())
        made.add("elu", seed, accuracy=0.9 - 0.1 * draw.exponential() ** 2 / 20)
    control, arm = arm_summaries(collect(made.runs, "activations"))
    assert (control.asymmetric, arm.asymmetric) == (False, True)
