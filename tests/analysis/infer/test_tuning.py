from typing import Any, Literal

import pytest

from ablations.analysis.infer.inference import infer
from ablations.analysis.infer.tuning import (
    ArmTuning,
    Edge,
    Fairness,
    TrialSummary,
    Tuning,
    own_rates,
)
from ablations.analysis.infer.tuning_curves import tuning_curves
from ablations.analysis.read.collect import collect
from ablations.study.expand import expand_trials, tuned
from ablations.study.schema import Study
from tests.support.synthetic_runs import SyntheticStudy, choose, leave_trial

RATE = "training.optimizer.learning_rate"
SCORES = {
    ("sigmoid", 0.01): (0.5, 0.7),
    ("sigmoid", 0.1): (0.4, None),
    ("elu", 0.01): (0.1, 0.2),
    ("elu", 0.1): (0.3, 0.4),
}
"""Arm and rate → the validation accuracy of each tuning seed; None for a diverged run."""


@pytest.fixture
def made(synthetic: Any) -> SyntheticStudy:
    trials = [{"name": f"learning_rate-{rate}", "values": {RATE: rate}} for rate in (0.01, 0.1)]
    tune = {
        "search": "grid",
        "trials": trials,
        "seeds": [100, 101],
        "metric": "validation_accuracy_best",
    }
    made: SyntheticStudy = synthetic(("sigmoid", "elu", "relu"), tune=tune)
    relu = made.study.arm("relu").model_copy(update={"changes": {RATE: 1.0}})
    made.study = made.study.model_copy(update={"arms": (*made.study.arms[:2], relu)})
    return made


def train(made: SyntheticStudy, study: Study) -> None:
    made.study = study
    made.write_record()
    for run in expand_trials(study):
        rate = float(run.trial.removeprefix("learning_rate-"))
        score = SCORES[run.arm, rate][run.seed - 100]
        status = {"status": "diverged", "metrics": {}} if score is None else {}
        leave_trial(made.runs, run, score or 0.0, **status)


def test_what_each_search_tried_scored_and_chose(made: SyntheticStudy) -> None:
    train(made, choose(made.study, {RATE: 0.01}, "sigmoid"))
    tuning = infer(collect(made.runs, "activations")).tuning
    assert tuning is not None
    assert (tuning.settings, tuning.seeds) == ((RATE,), (100, 101))
    assert tuning.trials == ({RATE: 0.01}, {RATE: 0.1})
    sigmoid, elu = tuning.arms
    assert [trial.scores for trial in sigmoid.trials] == [(0.5, 0.7), (0.4, None)]
    assert [trial.mean for trial in sigmoid.trials] == pytest.approx([0.6, 0.4])
    assert (sigmoid.runs, sigmoid.diverged) == (4, 1)
    assert sigmoid.chosen == sigmoid.trials[0]
    assert (sigmoid.confirmed, sigmoid.edges) == (True, {RATE: "lowest"})
    assert (elu.chosen, elu.edges) == (None, {})


def test_fairness_names_the_arms_that_a_reader_must_know_of(made: SyntheticStudy) -> None:
    study = choose(choose(made.study, {RATE: 0.1}, "sigmoid"), {RATE: 0.1}, "elu")
    train(made, study)
    assert infer(collect(made.runs, "activations")).fairness == Fairness(
        tuned=True,
        held=("relu",),
        not_confirmed=("sigmoid",),
        on_the_edge=(Edge(RATE, "highest", ("sigmoid", "elu")),),
    )


def test_an_arm_whose_search_has_chosen_nothing_is_incomplete(made: SyntheticStudy) -> None:
    train(made, choose(made.study, {RATE: 0.01}, "sigmoid"))
    assert infer(collect(made.runs, "activations")).fairness.incomplete == ("elu",)


def test_a_curve_has_a_point_for_each_rate_with_students_interval(made: SyntheticStudy) -> None:
    study = choose(choose(made.study, {RATE: 0.01}, "sigmoid"), {RATE: 0.1}, "elu")
    train(made, study)
    (curve,) = infer(collect(made.runs, "activations")).tuning_curves
    assert (curve.setting, curve.slice, curve.logarithmic) == (RATE, True, True)
    sigmoid, elu = curve.arms
    assert [(p.value, p.mean, p.diverged, p.chosen) for p in elu.points] == [
        (0.01, pytest.approx(0.15), 0, False), (0.1, pytest.approx(0.35), 0, True),
    ]  # fmt: skip
    half = 12.7062 * 0.1 / 2  # t(.975, 1) in any table, s / √n = |x₁ − x₂| / 2
    assert elu.points[1].interval is not None
    assert elu.points[1].interval.low == pytest.approx(0.35 - half, abs=1e-4)
    assert elu.points[1].interval.high == pytest.approx(0.35 + half, abs=1e-4)
    assert (sigmoid.points[1].mean, sigmoid.points[1].runs) == (0.4, 2)
    assert (sigmoid.points[1].diverged, sigmoid.points[1].interval) == (1, None)


def trial(score: float, **values: float) -> TrialSummary:
    return TrialSummary(values, (score,), score, None, 0)


def searched(search: Literal["grid", "random"], chosen: bool = True) -> Tuning:
    trials = [
        trial(0.1, a=1, b=10), trial(0.2, a=1, b=20), trial(0.3, a=2, b=10), trial(0.4, a=2, b=20),
    ]  # fmt: skip
    arm = ArmTuning("elu", tuple(trials), trials[2] if chosen else None, {}, True)
    values = tuple(each.values for each in trials)
    return Tuning(search, ("a", "b"), values, (100,), "validation_accuracy", (arm,), True)


def test_of_several_settings_each_is_followed_at_the_chosen_values_of_the_others() -> None:
    along_a, along_b = tuning_curves(searched("grid"))
    assert [(p.value, p.mean) for p in along_a.arms[0].points] == [(1, 0.1), (2, 0.3)]
    assert [(p.value, p.mean) for p in along_b.arms[0].points] == [(10, 0.3), (20, 0.4)]
    assert not along_a.logarithmic
    assert all(not curve.arms[0].points for curve in tuning_curves(searched("grid", chosen=False)))


def test_a_random_search_of_several_settings_shows_every_trial_and_no_slice() -> None:
    along_a, _ = tuning_curves(searched("random"))
    assert not along_a.slice
    assert [point.mean for point in along_a.arms[0].points] == [0.1, 0.2, 0.3, 0.4]


def test_arms_that_state_rates_of_their_own_are_named(synthetic: Any) -> None:
    made: SyntheticStudy = synthetic(("sigmoid", "elu", "tanh", "relu"))
    sigmoid, elu, tanh, relu = made.study.arms

    def with_rate(arm: Any, changes: Any, rate: float) -> Any:
        return tuned(arm, {RATE: rate}).model_copy(update={"changes": changes, "tuned": {}})

    inside = {"training.optimizer": {"name": "sgd", "learning_rate": 0.3}}
    default = {"training.optimizer": "sgd"}  # the optimizer's own rate, which nobody stated
    arms = (
        sigmoid,
        with_rate(elu, {RATE: 0.5}, 0.5),
        with_rate(tanh, inside, 0.3),
        with_rate(relu, default, 0.2),
    )
    study = made.study.model_copy(update={"arms": arms})
    assert own_rates(study) == {"elu": 0.5, "tanh": 0.3}
    assert own_rates(study.model_copy(update={"control": "elu"})) == {"tanh": 0.3}
    factor = arms[1].model_copy(update={"levels": {RATE: "0.5"}})
    assert own_rates(study.model_copy(update={"arms": (sigmoid, factor)})) == {}


def test_a_study_that_tunes_nothing_has_no_tuning(synthetic: Any) -> None:
    inference = infer(collect(synthetic().runs, "activations"))
    assert inference.tuning is None
    assert inference.fairness == Fairness(tuned=False)
