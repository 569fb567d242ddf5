from typing import Any

import numpy as np
import pytest

from ablations.analysis.infer.arms import arm_rows, best
from ablations.analysis.infer.statistics import Interval
from ablations.analysis.infer.verdicts import Rate
from ablations.analysis.read.collect import collect
from ablations.analysis.show import formats
from ablations.analysis.show.answer import answer_sentences
from ablations.study.metrics import METRICS

ACCURACY, LOSS = METRICS["test_accuracy"], METRICS["test_loss"]


def test_rows_hold_numpys_numbers(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 4)
    control, arm = [0.50, 0.52, 0.55, 0.51], [0.61, 0.66, 0.70, 0.64]
    for seed in range(4):
        made.add("sigmoid", seed, accuracy=control[seed])
        made.add("elu", seed, accuracy=arm[seed], seconds={"train": [1.0, 2.0, 10.0, 4.0][seed]})
    first, second = arm_rows(collect(made.runs, "activations"))
    assert first.is_control
    assert first.finding is None
    assert second.score.mean == pytest.approx(np.mean(arm))
    assert second.score.standard_deviation == pytest.approx(np.std(arm, ddof=1))
    assert second.finding is not None
    assert second.finding.effect is not None
    assert second.finding.effect.mean == pytest.approx(np.mean(np.subtract(arm, control)))
    assert second.finding.effect.n == 4
    assert (second.runs, second.completed, second.diverged) == (4, 4, Rate(0, 4))
    assert second.train_seconds == 3.0
    assert (second.parameters, second.updates) == (79_510, 300)


def test_differences_are_paired_by_seed_and_divergence_is_counted(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 3)
    for seed, value in enumerate([0.1, 0.5, 0.9]):
        made.add("sigmoid", seed, accuracy=value)
    made.add("elu", 0, accuracy=None, status="diverged", reason="loss is nan")
    made.add("elu", 1, accuracy=0.6)
    made.add("elu", 2, accuracy=0.95)
    row = arm_rows(collect(made.runs, "activations"))[1]
    assert (row.completed, row.diverged) == (2, Rate(1, 3))
    assert row.finding is not None
    assert row.finding.effect is not None
    assert row.finding.effect.n == 2
    assert row.finding.effect.mean == pytest.approx(0.075)
    assert row.finding.verdict == "unstable"


def test_best_follows_the_metrics_direction(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 1, metric="test_loss")
    made.add("sigmoid", 0, metrics={"test_loss": 0.5})
    made.add("elu", 0, metrics={"test_loss": 0.25})
    collected = collect(made.runs, "activations")
    rows = arm_rows(collected)
    leader = best(rows, "test_loss")
    assert leader is not None
    assert leader.arm == "elu"
    assert any(
        "lowest test loss is that of elu: 0.2500 (n = 1)" in sentence
        for sentence in answer_sentences(collected, rows)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (formats.measured(ACCURACY, 0.88214), "88.21%"),
        (formats.measured(ACCURACY, None), "–"),
        (formats.difference(ACCURACY, 0.0789), "+7.89"),
        (formats.difference(ACCURACY, -0.0789), "−7.89"),
        (formats.difference(ACCURACY, -1e-9), "0.00"),
        (formats.difference(LOSS, 0.25), "+0.2500"),
        (formats.number(3.4e38), "3.400e+38"),
        (formats.number(1234.567), "1,235"),
        (formats.number(0.0), "0"),
        (formats.seed_ranges([7, 0, 1, 2, 4, 9, 10]), "0–2, 4, 7, 9, 10"),
        (formats.seed_ranges([]), ""),
        (formats.probability(0.0351), "0.035"),
        (formats.probability(0.0004), "<0.001"),
        (formats.probability(1.0), "1.000"),
        (formats.interval(ACCURACY, Interval(-0.001, 0.0213)), "−0.10 to +2.13"),
        (formats.magnitude(ACCURACY, -0.0122), "1.22 points"),
        (formats.magnitude(LOSS, 0.25), "0.2500 nats"),
        (formats.shares(Rate(3, 8)), "3/8 diverged"),
        (formats.shares(Rate(0, 8)), "0"),
        (formats.share_interval(Rate(3, 8)), "3/8 (Wilson 14% to 69%)"),
        (formats.listed(["a"], 3), "a"),
        (formats.listed(["a", "b", "c"], 3), "a, b and c"),
        (formats.listed(["a", "b", "c", "d", "e"], 3), "a, b, c and 2 more"),
    ],
)
def test_numbers_read_well(text: str, expected: str) -> None:
    assert text == expected
