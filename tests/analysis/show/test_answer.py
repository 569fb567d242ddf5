"""The sentences that a reader sees first, for every kind of study."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from ablations.analysis.infer.inference import infer
from ablations.analysis.read.collect import collect
from ablations.analysis.show import answer as answers


def answer(made: Any) -> str:
    return " ".join(answers.answer(infer(collect(made.runs, made.study.study))))


def train(
    made: Any, effects: Mapping[str, float], diverged: Mapping[str, Sequence[int]] | None = None
) -> None:
    """Give every arm its effect over a base of 80%, with noise of 0.3 points."""
    draw = np.random.default_rng(0)
    for arm in made.study.arm_names:
        for seed in made.study.seeds:
            value = 0.8 + effects.get(arm, 0.0) + float(draw.normal(0, 0.003))
            if seed in (diverged or {}).get(arm, ()):
                made.add(arm, seed, accuracy=None, status="diverged", reason="loss is nan")
            else:
                made.add(arm, seed, accuracy=value, metrics=losses(value))


def losses(value: float) -> dict[str, float]:
    return {"test_accuracy": value, "test_loss": value}


ARMS = ("sigmoid", "tanh", "relu", "elu", "selu")
EFFECTS = {"tanh": 0.03, "relu": -0.02, "elu": 0.06, "selu": 0.0}


def test_the_largest_effects_come_first_with_their_intervals(synthetic: Any) -> None:
    made = synthetic(ARMS, 10, margin=0.01)
    train(made, EFFECTS)
    text = answer(made)
    assert text.startswith("The highest test accuracy is that of elu. Better than the control, sig")
    assert text.index("elu by 6.0") < text.index("tanh by 2.8") < text.index("Worse: relu by ")
    assert "(95% interval " in text
    assert "No difference that matters (less than 1.00 points): selu." in text


def test_lower_is_better_where_the_metric_says_so(synthetic: Any) -> None:
    made = synthetic(ARMS, 10, metric="test_loss")
    train(made, EFFECTS)
    text = answer(made)
    assert "in test loss: relu by 0.0" in text
    assert "Worse: elu by 0.06" in text
    assert "not settled: selu" in text.lower()


def test_where_nothing_is_shown_that_is_the_answer(synthetic: Any) -> None:
    made = synthetic(ARMS, 10)
    train(made, {})
    assert "No arm is shown to differ from the control, sigmoid" in answer(made)
    assert "Not settled: selu, tanh, relu and 1 more." in answer(made)  # by size


@pytest.mark.parametrize(("arms", "seeds", "needed"), [(2, 5, 6), (5, 5, 6), (5, 1, 6)])
def test_too_few_seeds_give_no_verdict_but_say_how_many_would_do(
    synthetic: Any, arms: int, seeds: int, needed: int
) -> None:
    made = synthetic(ARMS[:arms], seeds, margin=0.01)
    train(made, EFFECTS)
    text = answer(made)
    assert text.startswith(f"No verdicts: with {seeds} paired seed")
    assert f"a verdict takes at least {needed} seeds" in text
    assert "Better than" not in text


def test_a_control_that_diverges_is_part_of_the_answer(synthetic: Any) -> None:
    made = synthetic(ARMS[:3], 8)
    train(made, EFFECTS, {"sigmoid": (0, 1, 2, 3, 4), "tanh": (0,)})
    text = answer(made)
    # Wilson 5/8 and 0/8: R's prop.test(5, 8, correct = FALSE), prop.test(0, 8, correct = FALSE).
    assert "Of the control's own runs 5/8 (Wilson 31% to 86%) diverged;" in text
    assert "0/8 (Wilson 0% to 32%) of relu; a smaller share of tanh." in text


def test_arms_or_a_control_without_survivors_are_said_to_be(synthetic: Any) -> None:
    scored = {"test_accuracy": 0.1}
    made = synthetic(ARMS[:2], 6, if_diverged=scored)
    train(made, EFFECTS, {"tanh": range(6)})
    assert "Worse: tanh (unstable: 6/6 diverged) by 70." in answer(made)
    assert "tanh (unstable: 6/6 diverged)" in answer(made)
    made = synthetic(ARMS[:2], 6, study="other", if_diverged=scored)
    train(made, EFFECTS, {"sigmoid": range(6)})
    assert "Better than the control, sigmoid in test accuracy: tanh by 7" in answer(made)
    assert "Of the control's own runs 6/6 (Wilson 61% to 100%) diverged;" in answer(made)


def test_a_few_diverged_runs_are_counted_in_the_effect_and_are_no_flag(synthetic: Any) -> None:
    made = synthetic(ARMS, 12, if_diverged={"test_accuracy": 0.1})
    train(made, EFFECTS, {"elu": (3, 5, 7)})
    text = answer(made)
    assert "unstable" not in text.lower()
    assert "elu by" not in text.replace("selu by", "").replace("relu by", "")  # not better
    assert "Not settled: elu and selu." in text


def test_the_best_arms_are_named_first_where_the_control_is_none_of_them(synthetic: Any) -> None:
    made = synthetic(ARMS, 10)
    train(made, {"elu": 0.05, "selu": 0.05, "tanh": 0.04, "relu": -0.01})
    text = answer(made)
    assert text.startswith("The highest test accuracy may be that of any of 2 of 5 arms: ")
    assert {"elu", "selu"} == set(text.partition(": ")[2].partition(".")[0].split(" and "))


def test_too_few_seeds_still_say_how_far_the_intervals_lie(synthetic: Any) -> None:
    made = synthetic(ARMS[:2], 4)
    train(made, EFFECTS)
    assert "The largest differences seen: tanh higher (better) by 3." in answer(made)
    assert "(95% interval " in answer(made)


def test_a_copy_of_the_control_shows_no_difference(synthetic: Any) -> None:
    made = synthetic(ARMS[:2], 10)
    twin = made.study.arm("sigmoid").model_copy(update={"name": "again"})
    made.study = made.study.model_copy(update={"arms": (*made.study.arms, twin)})
    made.write_record()
    for seed in range(10):
        value = 0.5 + 0.001 * seed
        made.add("sigmoid", seed, accuracy=value)
        made.add("again", seed, accuracy=value)
        made.add("tanh", seed, accuracy=value + 0.1 + 0.0001 * seed)
    text = answer(made)
    assert "tanh by 10.0" in text
    assert "No difference that matters: again (a copy of the control)." in text


def test_without_verdicts_the_best_mean_is_named_as_such(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 1, metric="test_loss")
    made.add("sigmoid", 0, metrics={"test_loss": 0.5})
    made.add("elu", 0, metrics={"test_loss": 0.25})
    said = (
        "elu has the lowest mean test loss, 0.2500 (n = 1); whether it is the best is not settled."
    )
    assert said in answer(made)


def fill(made: Any, values: Mapping[str, Sequence[float]], metric: str = "test_loss") -> None:
    """Give every arm one value of the metric for each seed."""
    for arm, of_arm in values.items():
        for seed, value in enumerate(of_arm):
            made.add(arm, seed, metrics={metric: value})


def test_a_difference_without_a_verdict_keeps_its_sign(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "tanh", "elu", "relu"), 4, metric="test_loss")
    reference = (10.0, 12.0, 14.0, 16.0)
    fill(made, {"sigmoid": reference, "tanh": [value - 5 for value in reference]})
    fill(made, {"elu": (13.0, 16.0, 17.0, 20.0), "relu": (10.0, 13.0, 14.0, 15.5)})
    text = answer(made)
    # ELU: 3, 4, 3, 4: 3.5 ± 3.1824 · 0.57735/2 = 0.91869; ReLU: 0, 1, 0, −0.5: 0.125 ± 1.00664.
    assert "tanh lower (better) by 5.0000 nats (95% interval 5.0000 to 5.0000), " in text
    assert "elu higher (worse) by 3.50 nats (2.58 to 4.42)" in text
    assert "relu higher (worse) by 0.1 nats (between 0.9 lower and 1.1 higher)" in text


def test_an_arm_that_is_not_shown_to_be_better_is_not_called_the_highest(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 10, margin=0.01)
    # The case of a review: p is .027 one-sided, .055 two-sided.
    old = (792.2, 978.7, 773.4, 882.2, 787.2, 898.4, 772.6, 878.7, 980.2, 785.2)
    new = (975.1, 876.2, 968.0, 972.8, 969.2, 878.9, 977.8, 811.7, 978.9, 976.8)
    thousandths = {"sigmoid": [v / 1000 for v in old], "elu": [v / 1000 for v in new]}
    fill(made, thousandths, "test_accuracy")
    text = answer(made)
    assert text.startswith("elu has the highest mean test accuracy; whether it is the best is not")
    assert "The highest" not in text
    assert "No arm is shown to differ from the control, sigmoid" in text


def test_of_a_study_that_trains_the_answer_says_how_far_it_is(synthetic: Any) -> None:
    made = synthetic(ARMS, 10)
    for seed in range(10):
        made.add("sigmoid", seed, accuracy=0.8 + 0.001 * seed)
        made.add("tanh", seed, accuracy=0.9 + 0.001 * seed * (-1) ** seed)
    made.add("relu", 0, accuracy=0.7)
    text = answer(made)
    assert text.startswith("So far, 21 of 50 runs: none yet of elu and selu.")
    for arm in ("elu", "selu"):
        made.add(arm, 0, accuracy=0.7)
    assert answer(made).startswith("So far, 23 of 50 runs: more to come of relu, elu and selu.")
    made.study = made.study.model_copy(update={"imported": True})
    made.write_record()
    assert "So far" not in answer(made)  # nothing is to come


def test_a_main_effect_that_a_cell_reverses_is_not_stated(factorial_study: Any) -> None:
    made = factorial_study()
    for seed in range(10):  # ELU is 20 points better with one batch size and 6 worse with the other
        for size, effect in ((32, 0.2), (64, -0.06)):
            name = f"activation-elu_batch_size-{size}"
            made.add(name, seed, accuracy=0.5 + effect + 0.0005 * (-1) ** (seed + size))
    text = answer(made)
    assert "better: activation elu" not in text
    found = collect(made.runs, made.study.study)
    cells = {arm: list(found.values(arm, "test_accuracy").values()) for arm in made.study.arm_names}
    low = np.mean(cells["activation-elu_batch_size-64"]) - np.mean(
        cells["activation-sigmoid_batch_size-64"]
    )
    says = f"activation elu (against sigmoid), from −{abs(100 * low):.2f} points ("
    assert f"Depends on the other factors: {says}" in text
    assert "(activation-elu_batch_size-64 minus activation-sigmoid_batch_size-64) to +" in text
    assert "(activation-elu_batch_size-32 minus control)" in text
    assert "better: activation relu (against sigmoid) by " in text
