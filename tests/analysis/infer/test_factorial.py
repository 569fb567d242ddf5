import itertools
from typing import Any

import numpy as np
import pytest

from ablations.analysis.infer.factorial import contrast, factorial_effects
from ablations.analysis.read.collect import collect

FACTORS = {"a": ("a0", "a1"), "b": ("b0", "b1", "b2"), "c": ("c0", "c1")}


def model(a: str, b: str, c: str) -> float:
    """Effects: a1 +1, b1 +2, b2 −3, c1 0; a1 with b2 +5, no other interaction."""
    return 10 + (a == "a1") + 2 * (b == "b1") - 3 * (b == "b2") + 5 * (a == "a1") * (b == "b2")


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ({"a": "a1"}, 1 + 5 / 3),  # averaged over b, of which b2 adds 5
        ({"b": "b1"}, 2.0),
        ({"b": "b2"}, -3 + 5 / 2),
        ({"c": "c1"}, 0.0),
        ({"a": "a1", "b": "b2"}, 5.0),
        ({"a": "a1", "b": "b1"}, 0.0),
        ({"a": "a1", "c": "c1"}, 0.0),
    ],
)
def test_contrasts_take_a_known_model_apart(levels: dict[str, str], expected: float) -> None:
    values = {cell: model(*cell) for cell in itertools.product(*FACTORS.values())}
    assert contrast(values, FACTORS, levels) == pytest.approx(expected, abs=1e-12)


def test_two_by_two_effects_are_those_of_least_squares() -> None:
    draw = np.random.default_rng(0)
    factors = {"a": ("0", "1"), "b": ("0", "1")}
    cells = list(itertools.product("01", "01"))
    values = dict(zip(cells, draw.normal(size=4).tolist(), strict=True))
    # Effect coding ±1/2: the coefficients are the main effects and the interaction.
    rows = [[1, int(a) - 0.5, int(b) - 0.5, (int(a) - 0.5) * (int(b) - 0.5)] for a, b in cells]
    expected = np.linalg.solve(np.array(rows), np.array([values[cell] for cell in cells]))
    assert contrast(values, factors, {"a": "1"}) == pytest.approx(expected[1])
    assert contrast(values, factors, {"b": "1"}) == pytest.approx(expected[2])
    assert contrast(values, factors, {"a": "1", "b": "1"}) == pytest.approx(expected[3])


def test_a_study_has_main_effects_then_interactions_in_one_family(factorial_study: Any) -> None:
    made = factorial_study(seeds=10)
    effects = factorial_effects(collect(made.runs, made.study.study))
    assert effects is not None
    assert effects.references == {"model.activation": "sigmoid", "training.batch_size": "32"}
    assert [one.levels for one in effects.contrasts] == [
        {"model.activation": "elu"},
        {"model.activation": "relu"},
        {"training.batch_size": "64"},
        {"model.activation": "elu", "training.batch_size": "64"},
        {"model.activation": "relu", "training.batch_size": "64"},
    ]
    elu, relu, batch, elu_batch, relu_batch = (one.comparison for one in effects.contrasts)
    assert relu_batch.comparisons == 5
    for comparison, effect in ((elu, 0.125), (relu, 0.05), (batch, 0.0167), (elu_batch, 0.05)):
        assert comparison.effect == pytest.approx(effect, abs=0.005)
    assert (elu.verdict, elu_batch.verdict, relu_batch.verdict) == (
        "better",
        "better",
        "inconclusive",
    )


def test_only_seeds_with_a_run_everywhere_count(factorial_study: Any) -> None:
    made = factorial_study(seeds=4)
    (made.directory("control", 1).result).unlink()
    last = made.study.arm_names[-1]
    made.add(last, 2, status="diverged", accuracy=None)
    effects = factorial_effects(collect(made.runs, made.study.study))
    assert effects is not None
    assert (effects.complete_seeds, effects.incomplete) == (3, ("control",))
    assert effects.diverged == (last,)
    assert {one.comparison.verdict for one in effects.contrasts} == {"none"}


def test_a_cell_that_always_diverges_has_contrasts_as_scored(factorial_study: Any) -> None:
    made = factorial_study(seeds=8, if_diverged={"test_accuracy": 0.1})
    last = made.study.arm_names[-1]  # relu with a batch of 64
    for seed in range(8):
        made.add(last, seed, status="diverged", accuracy=None)
    effects = factorial_effects(collect(made.runs, made.study.study))
    assert effects is not None
    assert effects.complete_seeds == 8
    relu_batch = effects.contrasts[-1].comparison
    # relu 64 at 0.1, relu 32 at 0.55, sigmoid at 0.5 with both: (0.1 - 0.55) - (0.5 - 0.5).
    assert relu_batch.effect == pytest.approx(-0.45, abs=0.01)
    assert relu_batch.verdict == "worse"


def test_what_cancels_is_no_difference() -> None:
    cells = {("0", "0"): 0.3, ("1", "0"): 0.1, ("0", "1"): 0.2, ("1", "1"): 0.0}
    assert (0.1 + 0.2) - 0.3 != 0
    both = {"a": "1", "b": "1"}
    assert contrast(cells, {"a": ("0", "1"), "b": ("0", "1")}, both) == 0.0


def test_other_designs_have_none(synthetic: Any) -> None:
    made = synthetic()
    made.add("sigmoid", 0)
    assert factorial_effects(collect(made.runs, "activations")) is None


def test_the_simple_effects_are_differences_of_cell_means(factorial_study: Any) -> None:
    made = factorial_study(seeds=10)
    for seed in range(10):  # ELU costs 20 points with a batch of 64
        made.add("activation-elu_batch_size-64", seed, accuracy=0.3 + 0.001 * seed)
    collected = collect(made.runs, made.study.study)
    effects = factorial_effects(collected)
    assert effects is not None
    means = {
        arm: np.mean(list(collected.values(arm, "test_accuracy").values()))
        for arm in made.study.arm_names
    }
    elu, relu, *_, interaction = effects.contrasts
    assert [(one.arm, one.reference) for one in elu.simple] == [
        ("activation-elu_batch_size-32", "control"),
        ("activation-elu_batch_size-64", "activation-sigmoid_batch_size-64"),
    ]
    for one in (*elu.simple, *relu.simple):
        assert one.effect == pytest.approx(means[one.arm] - means[one.reference])
    assert elu.comparison.effect == pytest.approx(np.mean([one.effect for one in elu.simple]))
    assert (elu.reverses, relu.reverses) == (True, False)
    assert interaction.simple == ()
