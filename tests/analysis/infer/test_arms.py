from typing import Any

import numpy as np
import pytest

from ablations.analysis.infer.arms import arm_summaries
from ablations.analysis.infer.best import best_by_mean
from ablations.analysis.infer.divergence import Divergence
from ablations.analysis.read.collect import collect
from ablations.study.metrics import METRICS


def test_summaries_hold_numpys_numbers(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 4)
    control, arm = [0.50, 0.52, 0.55, 0.51], [0.61, 0.66, 0.70, 0.64]
    for seed in range(4):
        made.add("sigmoid", seed, accuracy=control[seed])
        made.add("elu", seed, accuracy=arm[seed], seconds={"train": [1.0, 2.0, 10.0, 4.0][seed]})
    first, second = arm_summaries(collect(made.runs, "activations"))
    assert first.is_control
    assert first.comparison is None
    assert second.score.mean == pytest.approx(np.mean(arm))
    assert second.score.standard_deviation == pytest.approx(np.std(arm, ddof=1))
    assert second.scores == dict(enumerate(arm))
    assert second.comparison is not None
    assert second.comparison.effect == pytest.approx(np.mean(np.subtract(arm, control)))
    assert second.comparison.n == 4
    assert second.divergence == Divergence(0, 4)
    assert second.train_seconds == 3.0
    assert (second.parameters, second.updates) == (79_510, 300)


def test_every_metric_is_summarized(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 2)
    for seed in range(2):
        made.add("elu", seed, metrics={"test_accuracy": 0.5, "weight_sparsity": 0.1 * seed})
    elu = arm_summaries(collect(made.runs, "activations"))[1]
    assert set(elu.metrics) == set(METRICS)
    assert elu.metrics["weight_sparsity"].mean == pytest.approx(0.05)
    assert elu.metrics["train_seconds"].mean == 12.5
    assert elu.metrics["test_loss"].n == 0


def test_an_arm_with_the_controls_recipe_is_a_copy(synthetic: Any) -> None:
    made = synthetic()
    twin = made.study.arm("sigmoid").model_copy(update={"name": "twin"})
    made.study = made.study.model_copy(update={"arms": (*made.study.arms, twin)})
    made.write_record()
    arms = arm_summaries(collect(made.runs, "activations"))
    assert [arm.is_copy for arm in arms] == [False, False, True]


@pytest.mark.parametrize(("metric", "best"), [("test_accuracy", "sigmoid"), ("test_loss", "elu")])
def test_best_follows_the_metrics_direction(synthetic: Any, metric: str, best: str) -> None:
    made = synthetic(("sigmoid", "elu", "relu"), 1, metric=metric)
    made.add("sigmoid", 0, metrics={metric: 0.5})
    made.add("elu", 0, metrics={metric: 0.25})
    made.add("relu", 0, status="diverged", metrics={})
    assert best_by_mean(collect(made.runs, "activations")) == best


def test_without_a_mean_there_is_no_best(synthetic: Any) -> None:
    made = synthetic()
    assert best_by_mean(collect(made.runs, "activations")) is None
