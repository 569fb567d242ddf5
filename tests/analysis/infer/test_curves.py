from typing import Any

import numpy as np
import pytest
import scipy.stats

from ablations.analysis.infer.curves import arm_curves, learning_curve, read_histories
from ablations.analysis.read.collect import collect


def test_mean_and_interval_at_each_epoch_are_scipys(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 4)
    draws = np.random.default_rng(1).normal(0.8, 0.1, size=(4, 5))
    for seed in range(4):
        made.add("elu", seed, curve=draws[seed].tolist())
    curves = arm_curves(read_histories(collect(made.runs, "activations"), "elu")).curves
    drawn = curves["validation_accuracy"]
    assert (drawn.n, drawn.epochs) == (4, (1, 2, 3, 4, 5))
    assert drawn.means == pytest.approx(draws.mean(axis=0))
    expected = scipy.stats.ttest_1samp(draws, 0).confidence_interval(0.95)
    assert [i.low for i in drawn.intervals if i] == pytest.approx(expected.low)
    assert [i.high for i in drawn.intervals if i] == pytest.approx(expected.high)
    assert curves["validation_loss"].means == pytest.approx(1 - draws.mean(axis=0))
    assert curves["updates"].means == (100, 200, 300, 400, 500)


def test_an_epoch_that_only_some_runs_reached_is_not_in_the_curve() -> None:
    long = [{"epoch": epoch, "train_loss": 1.0} for epoch in (1, 2, 3)]
    gap = [{"epoch": 1, "train_loss": 3.0}, {"epoch": 2, "train_loss": None}, {"epoch": 3}]
    drawn = learning_curve([long, gap], "train_loss")
    assert drawn is not None
    assert (drawn.epochs, drawn.means) == ((1,), (2.0,))
    assert learning_curve([long, gap], "validation_loss") is None
    assert learning_curve([], "train_loss") is None


def test_incomplete_histories_are_left_out_and_named(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 3)
    for seed in range(3):
        path = made.add("elu", seed) / "metrics.jsonl"
        if seed == 1:
            path.write_text(path.read_text()[:-40])
    made.add("elu", 2, status="diverged", accuracy=None)
    histories = read_histories(collect(made.runs, "activations"), "elu")
    assert histories.incomplete == (1,)
    assert len(histories.histories) == 1
    assert (histories.runs, histories.diverged) == (3, 1)
