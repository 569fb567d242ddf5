from typing import Any

import numpy as np
import pytest
import scipy.stats

from ablations.analysis.infer.curves import curve, read_histories
from ablations.analysis.read.collect import collect
from ablations.analysis.show.plot_style import robust_limits, wrapped


def test_mean_and_interval_at_each_epoch_are_scipys(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 4)
    draws = np.random.default_rng(1).normal(0.8, 0.1, size=(4, 5))
    for seed in range(4):
        made.add("elu", seed, curve=draws[seed].tolist())
    histories = read_histories(collect(made.runs, "activations"), "elu")
    drawn = curve(histories.histories, "validation_accuracy")
    assert drawn is not None
    assert (drawn.n, drawn.epochs) == (4, (1, 2, 3, 4, 5))
    assert drawn.means == pytest.approx(draws.mean(axis=0))
    expected = scipy.stats.ttest_1samp(draws, 0).confidence_interval(0.95)
    assert [i.low for i in drawn.intervals if i] == pytest.approx(expected.low)
    assert [i.high for i in drawn.intervals if i] == pytest.approx(expected.high)


def test_an_epoch_that_only_some_runs_reached_is_not_drawn() -> None:
    long = [{"epoch": epoch, "train_loss": 1.0} for epoch in (1, 2, 3)]
    gap = [{"epoch": 1, "train_loss": 3.0}, {"epoch": 2, "train_loss": None}, {"epoch": 3}]
    drawn = curve([long, gap], "train_loss")
    assert drawn is not None
    assert (drawn.epochs, drawn.means) == ((1,), (2.0,))
    assert curve([long, gap], "validation_loss") is None
    assert curve([], "train_loss") is None


def test_torn_histories_are_left_out_and_named(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 3)
    for seed in range(3):
        path = made.add("elu", seed) / "metrics.jsonl"
        if seed == 1:
            path.write_text(path.read_text()[:-40])
    made.add("elu", 2, status="diverged", accuracy=None)
    histories = read_histories(collect(made.runs, "activations"), "elu")
    assert histories.torn == (1,)
    assert len(histories.histories) == 1
    assert histories.runs == 3


def test_one_bad_arm_does_not_squash_the_others() -> None:
    good = [[0.90, 0.92], [0.91, 0.93], [0.92, 0.95], [0.89, 0.91]]
    limits = robust_limits([*good, [0.1, 0.1]])
    assert all(limits.hold(group) for group in good)
    assert not limits.hold([0.1])


def test_the_control_is_never_cut() -> None:
    limits = robust_limits([[0.90, 0.92], [0.91, 0.93], [0.92, 0.95]], kept=[0.1])
    assert limits.hold([0.1, 0.95])


def test_limits_hold_everything_that_is_near() -> None:
    assert robust_limits([[0.5], [0.6], [0.7]]).hold([0.5, 0.6, 0.7])
    assert robust_limits([[0.5]]).hold([0.5])
    assert robust_limits([[0.0], []]).hold([0.0])


def test_long_names_break_at_words() -> None:
    assert wrapped("elu", 10) == "elu"
    assert wrapped("batch_norm_before_activation", 12) == "batch_norm_\nbefore_\nactivation"
    assert wrapped("a" * 100, 12, 2) == "a" * 12 + "\n" + "a" * 12 + "…"
