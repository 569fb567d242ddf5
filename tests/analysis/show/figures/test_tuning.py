"""The tuning curves as they are drawn: what is marked, what is cut, and the same bytes twice."""

from __future__ import annotations

from typing import Any

import pytest

from ablations.analysis.infer.inference import Inference, infer
from ablations.analysis.read.collect import collect
from ablations.analysis.show.figures.tuning import tuning_curves
from ablations.study.expand import expand_trials
from tests.support.synthetic_runs import SyntheticStudy, choose, leave_trial

RATE = "training.optimizer.learning_rate"
RATES = (0.001, 0.01, 0.1, 1.0)
CURVE = (0.1, 0.90, 0.92, 0.91)
ARMS = ("sigmoid", "elu", "tanh", "relu", "selu")


def searched(synthetic: Any, arms: tuple[str, ...], diverged: bool = False) -> Inference:
    """Return a study whose arms all score ``CURVE``; one of them may diverge at the last rate."""
    trials = [{"name": f"learning_rate-{rate}", "values": {RATE: rate}} for rate in RATES]
    tune = {
        "search": "grid",
        "trials": trials,
        "seeds": [100, 101],
        "metric": "validation_accuracy",
    }
    made: SyntheticStudy = synthetic(arms, tune=tune)
    for arm in arms:
        made.study = choose(made.study, {RATE: 0.1}, arm)
    made.write_record()
    for run in expand_trials(made.study):
        place = RATES.index(float(run.trial.removeprefix("learning_rate-")))
        score = {"metrics": {"validation_accuracy": CURVE[place] + 0.001 * (run.seed - 100)}}
        fails = diverged and run.arm == "elu" and place == 3
        leave_trial(
            made.runs, run, 0, **({"status": "diverged", "metrics": {}} if fails else score)
        )
    return infer(collect(made.runs, "activations"))


@pytest.mark.parametrize("arms", [ARMS[:2], ARMS], ids=["one panel", "small multiples"])
def test_the_same_trials_give_the_same_bytes(synthetic: Any, arms: tuple[str, ...]) -> None:
    inference = searched(synthetic, arms)
    (once,), (again,) = (list(tuning_curves(inference)) for _ in range(2))
    assert (once.svg, once.png, once.caption) == (again.svg, again.png, again.caption)
    assert once.name == "tuning_training_optimizer_learning_rate"
    assert once.title == f"Validation accuracy of the tested weights by {RATE}"
    assert "Mean over n = 2 tuning seeds with Student's 95% interval." in once.caption


def test_the_caption_says_what_the_axis_cuts_and_what_diverged(synthetic: Any) -> None:
    (plain,) = tuning_curves(searched(synthetic, ARMS))
    assert "Triangles are values beyond the axis" in plain.caption  # a score of 10% beside 92%
    assert "diverged" not in plain.caption
    (figure,) = tuning_curves(searched(synthetic, ARMS, diverged=True))
    assert "A cross at the edge marks diverged runs" in figure.caption


def test_a_study_that_tunes_nothing_has_no_such_figure(synthetic: Any) -> None:
    assert list(tuning_curves(infer(collect(synthetic().runs, "activations")))) == []
