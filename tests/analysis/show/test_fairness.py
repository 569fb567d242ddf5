"""What the page says of equal chances, and of a copy of the control."""

from __future__ import annotations

from typing import Any

import pytest

from ablations.analysis.infer.inference import infer
from ablations.analysis.read.collect import collect
from ablations.analysis.show.fairness import fairness_label, fairness_sentence, fairness_warnings
from ablations.study.expand import tuned
from tests.support.synthetic_runs import SyntheticStudy

RATE = "training.optimizer.learning_rate"


def test_a_study_whose_arms_state_their_rates_is_said_to_be_set_by_hand(synthetic: Any) -> None:
    made: SyntheticStudy = synthetic()
    sigmoid, elu = made.study.arms
    elu = tuned(elu, {RATE: 0.5}).model_copy(update={"changes": {RATE: 0.5}, "tuned": {}})
    made.study = made.study.model_copy(update={"arms": (sigmoid, elu)})
    made.write_record()
    inference = infer(collect(made.runs, "activations"))
    assert fairness_label(inference) == "Rates set by hand"
    assert fairness_sentence(inference).startswith("Rates set by hand: elu 0.5. No search chose")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({RATE: 0.1}, "conditional on the chosen rate:"),
        ({"training.batch_size": 32}, "conditional on the chosen value:"),
        ({RATE: 0.1, "training.batch_size": 32}, "conditional on the chosen values:"),
    ],
)
def test_the_verdicts_of_a_tuned_study_are_conditional_on_what_was_chosen(
    synthetic: Any, settings: dict[str, Any], words: str
) -> None:
    trials = [{"name": "one", "values": settings}]
    tune = {"search": "grid", "trials": trials, "seeds": [100], "metric": "validation_accuracy"}
    inference = infer(collect(synthetic(tune=tune).runs, "activations"))
    assert fairness_label(inference) == "Tuned"
    assert words in fairness_sentence(inference)


@pytest.mark.parametrize(("shift", "warned"), [(0.0, False), (0.05, True)])
def test_a_copy_of_the_control_that_comes_out_better_is_a_false_alarm(
    synthetic: Any, shift: float, warned: bool
) -> None:
    made: SyntheticStudy = synthetic(("sigmoid", "elu"), 10)
    twin = made.study.arm("sigmoid").model_copy(update={"name": "twin"})
    made.study = made.study.model_copy(update={"arms": (*made.study.arms, twin)})
    made.write_record()
    for seed in range(10):
        made.add("sigmoid", seed, 0.8 + 0.001 * seed)
        made.add("twin", seed, 0.8 + 0.001 * seed + shift)
    warnings = list(fairness_warnings(infer(collect(made.runs, "activations"))))
    expected = "False alarm: twin is a copy of the control, and came out better."
    assert any(warning.startswith(expected) for warning in warnings) == warned
