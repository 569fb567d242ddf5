"""The rule of a look against a computation of its own: enumerated flips, SciPy's t, simulation."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import scipy.stats

from ablations.analysis.infer.looks import LookRule
from ablations.analysis.infer.looks_taken import error_of_looks
from ablations.analysis.infer.pairs import PairedDifferences
from ablations.study.schema import Study
from tests.support.synthetic_runs import make_study

ARMS = ("sigmoid", "elu", "relu", "tanh", "selu", "gelu")
WEIGHTS = (0.7, 0.3)


def study(**changes: Any) -> Study:
    given = {"looks": (8, 12), "look_weights": WEIGHTS, "margin": 0.5}
    return make_study(ARMS, 12, **(given | changes))


def pairs_of(values: Any) -> PairedDifferences:
    return PairedDifferences(dict(enumerate(np.asarray(values).tolist())))


def noise(n: int, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(size=(len(ARMS) - 1, n))


def statistics(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return T of each arm under each of all 2ⁿ flips, the observed first."""
    signs = np.array(list(itertools.product((1, -1), repeat=values.shape[1])))
    return np.abs(signs @ values.T) / np.sqrt((values**2).sum(axis=1))


def test_the_first_look_is_max_t_at_its_share_of_the_error() -> None:
    values = noise(8) + np.array([3, 1.5, 1, 0.4, 0])[:, None]
    judged = LookRule(study(), 0).judge(
        dict(zip(ARMS[1:], map(pairs_of, values), strict=True)), left={}
    )
    of_flips = statistics(values)
    ranked = np.argsort(-of_flips[0])
    p_values, largest = {}, 0.0
    for rank, arm in enumerate(ranked):
        reached = of_flips[:, ranked[rank:]].max(axis=1) >= of_flips[0, arm] - 1e-9
        largest = max(largest, reached.mean())
        p_values[ARMS[1 + arm]] = largest
    assert {arm: one.p_corrected for arm, one in judged.items()} == pytest.approx(p_values)
    settled = {arm for arm, one in judged.items() if one.verdict == "better"}
    assert settled == {arm for arm, p in p_values.items() if p <= 0.7 * 0.05} != set()


def test_a_later_look_is_holm_over_the_arms_not_rejected_before() -> None:
    values = noise(12) + np.array([0, 1.9, 0.9, 0, 0.8])[:, None]
    left: dict[str, Any] = {"elu": "worse", "selu": "futile"}
    live = {arm: v for arm, v in zip(ARMS[1:], values, strict=True) if arm not in left}
    judged = LookRule(study(), 1).judge({arm: pairs_of(v) for arm, v in live.items()}, left)
    alone = {arm: (t >= t[0] - 1e-9).mean() for arm, v in live.items()
             for t in [statistics(v[None])[:, 0]]}  # fmt: skip
    assert {arm: one.p for arm, one in judged.items()} == pytest.approx(alone)
    rejected, tests = set(), 4  # of five arms one was rejected; the futile one has p = 1
    for arm in sorted(alone, key=lambda arm: alone[arm]):
        if alone[arm] > 0.3 * 0.05 / tests:
            break
        rejected, tests = rejected | {arm}, tests - 1
    assert {arm for arm, one in judged.items() if one.verdict in ("better", "worse")} == rejected
    assert {one.comparisons for one in judged.values()} == {4}
    assert 0 < len(rejected) < len(live)


@pytest.mark.parametrize("number", [0, 1])
def test_equivalent_is_two_one_sided_tests_at_the_share_of_the_error(number: int) -> None:
    rule, level = LookRule(study(margin=1.0), number), WEIGHTS[number] * 0.05
    seen = set()
    for seed in range(40):
        n = (8, 12)[number]
        values = noise(n, seed)
        judged = rule.judge(dict(zip(ARMS[1:], map(pairs_of, values), strict=True)), left={})
        for of_arm, comparison in zip(values, judged.values(), strict=True):
            above = scipy.stats.ttest_1samp(of_arm, -1.0, alternative="greater").pvalue
            below = scipy.stats.ttest_1samp(of_arm, 1.0, alternative="less").pvalue
            if comparison.verdict in ("equivalent", "inconclusive"):
                within = max(above, below) < level
                assert comparison.verdict == ("equivalent" if within else "inconclusive")
                seen.add(within)
    assert seen == {True, False}


def test_the_intervals_of_all_arms_at_once_are_of_the_looks_share_over_all_arms() -> None:
    values = noise(12)
    left: dict[str, Any] = {"elu": "worse", "selu": "futile"}
    live = dict(zip(ARMS[1:], map(pairs_of, values), strict=True))
    judged = LookRule(study(), 1).judge(live, left)
    error = values[4].std(ddof=1) / np.sqrt(12)
    low, high = scipy.stats.t.interval(1 - 0.3 * 0.05 / 5, 11, values[4].mean(), error)
    interval = judged["gelu"].simultaneous
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((low, high))


@pytest.mark.parametrize("mean", [0.0, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("margin", [0.0, 1.2])
def test_conditional_power_is_how_often_the_last_look_settles_an_arm(
    mean: float, margin: float
) -> None:
    rule = LookRule(study(margin=margin), 0)
    values = noise(8)[0]
    values = mean + (values - values.mean()) / values.std(ddof=1)
    judged = rule.judge({arm: pairs_of(values) for arm in ARMS[1:]}, left={})
    power = rule.conditional_power(judged["elu"], tests=5)
    later = mean + np.random.default_rng(1).normal(size=(200_000, 4))
    last = (values.sum() + later.sum(axis=1)) / 12
    level, error = 0.3 * 0.05, 1 / np.sqrt(12)
    differs = np.abs(last) > scipy.stats.t.isf(level / 10, 11) * error
    same = np.abs(last) < margin - scipy.stats.t.isf(level, 11) * error
    assert power == pytest.approx(np.mean(differs | same), abs=0.005)


@pytest.mark.parametrize("number", [0, 1])
def test_an_arm_leaves_for_a_reason_and_at_the_last_look_none_is_futile(number: int) -> None:
    rule, values = LookRule(study(), number), noise((8, 12)[number])
    values -= values.mean(axis=1, keepdims=True)
    values /= values.std(axis=1, keepdims=True)
    means, spreads = [5.0, -5.0, 0.0, 0.1, (1.1, 0.7)[number]], [1.0, 1.0, 0.01, 1.0, 1.0]
    values = np.array(means)[:, None] + np.array(spreads)[:, None] * values
    judged = rule.judge(dict(zip(ARMS[1:], map(pairs_of, values), strict=True)), left={})
    assert {judged[arm].verdict for arm in ("selu", "gelu")} == {"inconclusive"}
    left = {"elu": "better", "relu": "worse", "tanh": "equivalent"}
    assert rule.leaving(judged) == left | ({} if number else {"selu": "futile"})


def test_an_arm_without_pairs_stays() -> None:
    rule = LookRule(study(), 0)
    judged = rule.judge({arm: PairedDifferences({}) for arm in ARMS[1:]}, left={})
    assert ({one.verdict for one in judged.values()}, rule.leaving(judged)) == ({"none"}, {})


@pytest.mark.parametrize(
    ("looks", "error"), [(1, 0.050), (2, 0.083), (3, 0.107), (4, 0.126), (5, 0.142), (10, 0.193)]
)
def test_the_error_of_looks_is_that_of_armitage_mcpherson_and_rowe(
    looks: int, error: float
) -> None:
    assert error_of_looks(range(10, 10 * looks + 10, 10)) == pytest.approx(error, abs=0.0006)
    assert error_of_looks([10, 10]) == pytest.approx(0.05)
