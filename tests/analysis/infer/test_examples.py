"""The test set as a source of error, against a slow decomposition and by simulation."""

import math
from typing import Any

import numpy as np
import pytest
import scipy.stats

from ablations.analysis.infer.examples import crossed_effect, over_examples
from ablations.analysis.infer.inference import Inference, infer
from ablations.analysis.read.collect import collect

TABLE = np.array([[1, 0, 0, -1, 1], [0, 0, 1, 0, 1], [1, -1, 1, 0, 1]])


def mean_squares(table: np.ndarray) -> tuple[float, float, float]:
    """s²_seeds, s²_examples and s²_interaction as STATISTICS.md names them, term by term."""
    n, examples = table.shape
    mean, of_seed, of_example = table.mean(), table.mean(axis=1), table.mean(axis=0)
    residuals = [
        (table[s, i] - of_seed[s] - of_example[i] + mean) ** 2
        for s in range(n)
        for i in range(examples)
    ]
    interaction = sum(residuals) / ((n - 1) * (examples - 1))
    return float(np.var(of_seed, ddof=1)), float(np.var(of_example, ddof=1)), interaction


def half(interval: Any) -> float:
    return float(interval.high - interval.low) / 2


def test_both_intervals_follow_from_the_mean_squares() -> None:
    n, examples = TABLE.shape
    seeds, of_examples, interaction = mean_squares(TABLE)
    square = seeds / n + of_examples / examples - interaction / (n * examples)
    assert square > seeds / n
    parts = (seeds / n, of_examples / examples, interaction / (n * examples))
    degrees = (n - 1, examples - 1, (n - 1) * (examples - 1))
    freedom = square**2 / sum(p**2 / d for p, d in zip(parts, degrees, strict=True))
    effect = crossed_effect("elu", TABLE)
    assert effect.effect == pytest.approx(TABLE.mean(), abs=1e-15)
    student = scipy.stats.t.interval(0.95, n - 1, TABLE.mean(), math.sqrt(seeds / n))
    assert (effect.seeds.low, effect.seeds.high) == pytest.approx(student)
    wider = max(scipy.stats.t.ppf(0.975, freedom) * math.sqrt(square), half(effect.seeds))
    assert half(effect.both) == pytest.approx(wider)
    assert effect.widening == pytest.approx(wider / half(effect.seeds))


def test_examples_never_take_uncertainty_away() -> None:
    opposed = np.array([[1, -1], [-1, 1], [1, -1]])  # examples differ less than by chance
    effect = crossed_effect("elu", opposed)
    assert effect.both == effect.seeds


def test_equal_runs_have_no_width() -> None:
    effect = crossed_effect("elu", np.zeros((4, 9), np.int8))
    assert (effect.effect, half(effect.both), effect.widening) == (0.0, 0.0, None)


STUDIES = 400
SCENARIOS = {  # spread of what seed, example, and both add to the score of an arm
    "seeds": (0.3, 0.0, 1.0),
    "seeds and examples": (0.3, 0.5, 0.5),
    "examples": (0.02, 1.0, 1.0),
}


def bits(draw: np.random.Generator, n: int, examples: int, spreads: Any) -> np.ndarray:
    """Differences in correctness of two arms whose scores have the same distribution.

    An example is right where its score is above 0; some are hard for both arms.
    """
    of_seed, of_example, of_both = spreads
    hardness = 2.5 + 2.0 * draw.normal(size=examples)
    scores = (
        hardness
        + of_seed * draw.normal(size=(2, n, 1))
        + of_example * draw.normal(size=(2, 1, examples))
        + of_both * draw.normal(size=(2, n, examples))
    )
    arm, control = (scores > 0).astype(np.int8)
    return np.asarray(arm - control)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("n", [3, 10])
def test_the_second_interval_covers_new_seeds_and_new_examples(
    n: int, scenario: str, show: Any
) -> None:
    draw = np.random.default_rng([n, *map(ord, scenario)])
    tables = [bits(draw, n, 360, SCENARIOS[scenario]) for _ in range(STUDIES)]
    effects = [crossed_effect("arm", table) for table in tables]
    both = np.mean([e.both.low <= 0 <= e.both.high for e in effects])
    seeds = np.mean([e.seeds.low <= 0 <= e.seeds.high for e in effects])
    show(
        f"test examples as a source of error, {scenario} vary, {n} seeds, 360 examples: the "
        f"interval over both covers {both:.1%} (93–98%), over seeds alone {seeds:.1%}"
    )
    assert 0.925 <= both <= 0.985
    assert seeds <= both
    if scenario == "examples":
        assert seeds < 0.93  # what the first interval leaves out


# From the runs on disk

N = 40


def made(synthetic: Any, **changes: Any) -> Any:
    study = synthetic(("sigmoid", "elu", "tanh"), 4, **changes)
    draw = np.random.default_rng(5)
    for number, arm in enumerate(study.study.arm_names):
        for seed in study.study.seeds:
            study.add_tested(arm, seed, draw.random(N) < 0.6 + 0.1 * number)
    return study


def inferred(study: Any) -> Inference:
    return infer(collect(study.runs, study.study.study))


def test_the_effects_of_a_study_are_those_of_its_comparisons(synthetic: Any) -> None:
    inference = inferred(made(synthetic))
    found = inference.over_examples
    assert found is not None
    assert (found.examples, [arm.arm for arm in found.arms]) == (N, ["elu", "tanh"])
    for arm, summary in zip(found.arms, inference.other_arms(), strict=True):
        comparison = summary.comparison
        assert comparison is not None
        assert comparison.interval is not None
        assert arm.effect == pytest.approx(comparison.effect)
        ends = (comparison.interval.low, comparison.interval.high)
        assert (arm.seeds.low, arm.seeds.high) == pytest.approx(ends)
        assert half(arm.both) >= half(arm.seeds)


def arms_of(study: Any) -> list[str]:
    found = inferred(study).over_examples
    return [] if found is None else [arm.arm for arm in found.arms]


def test_a_run_that_keeps_nothing_takes_the_interval_from_its_arm(synthetic: Any) -> None:
    study = made(synthetic)
    study.add("elu", 2)  # as 0.3.0 left it
    assert arms_of(study) == ["tanh"]
    study.directory("tanh", 1).correct.unlink()
    assert arms_of(study) == []


@pytest.mark.parametrize("content", [b"\xff" * 5, b"\xff" * 6, b""], ids=["other", "long", "torn"])
def test_bits_that_are_not_of_the_result_are_not_used(synthetic: Any, content: bytes) -> None:
    study = made(synthetic)
    study.directory("elu", 0).correct.write_bytes(content)
    assert arms_of(study) == ["tanh"]


def test_runs_that_were_tested_on_other_examples_are_not_paired(synthetic: Any) -> None:
    study = made(synthetic)
    study.add_tested("elu", 0, np.arange(N + 8) % 2 == 0)
    assert arms_of(study) == ["tanh"]
    study.add_tested("sigmoid", 0, np.arange(N + 8) % 2 == 0)
    assert arms_of(study) == []


def test_a_diverged_run_has_no_examples_and_its_arm_no_second_interval(synthetic: Any) -> None:
    study = made(synthetic)
    study.add("tanh", 3, accuracy=None, status="diverged", reason="the loss was not finite")
    found = over_examples(collect(study.runs, "activations"), inferred(study).arms)
    assert found is not None
    counted = {arm.arm: arm.comparison.n for arm in inferred(study).other_arms() if arm.comparison}
    assert ("tanh" in [arm.arm for arm in found.arms]) == (counted["tanh"] == 3)


def test_only_test_accuracy_is_a_mean_over_test_examples(synthetic: Any) -> None:
    assert inferred(made(synthetic, metric="validation_accuracy_best")).over_examples is None
