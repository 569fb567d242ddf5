from typing import Any

import pytest

from ablations.analysis.infer.inference import infer
from ablations.analysis.infer.tuning import Edge, Fairness
from ablations.analysis.read.collect import collect
from ablations.study.expand import expand_trials
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


def test_a_study_that_tunes_nothing_has_no_tuning(synthetic: Any) -> None:
    inference = infer(collect(synthetic().runs, "activations"))
    assert inference.tuning is None
    assert inference.fairness == Fairness(tuned=False)
