from typing import Any

import numpy as np
import pytest

from ablations.analysis import formats
from ablations.analysis.collect import collect
from ablations.analysis.summary import summary_sentences
from ablations.analysis.tables import arm_rows, best, claim_rows
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
    assert first.difference is None
    assert second.score.mean == pytest.approx(np.mean(arm))
    assert second.score.standard_deviation == pytest.approx(np.std(arm, ddof=1))
    assert second.difference == pytest.approx(np.mean(np.subtract(arm, control)))
    assert (second.pairs, second.runs, second.completed, second.diverged) == (4, 4, 4, 0)
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
    assert (row.runs, row.completed, row.diverged, row.pairs) == (3, 2, 1, 2)
    assert row.difference == pytest.approx(0.075)


def test_best_follows_the_metrics_direction(synthetic: Any) -> None:
    made = synthetic(("sigmoid", "elu"), 1, metric="test_loss")
    made.add("sigmoid", 0, metrics={"test_loss": 0.5})
    made.add("elu", 0, metrics={"test_loss": 0.25})
    collected = collect(made.runs, "activations")
    rows = arm_rows(collected)
    leader = best(rows, "test_loss")
    assert leader is not None
    assert leader.arm == "elu"
    assert (
        "lowest mean test loss is that of elu with 0.2500 (n = 1)"
        in summary_sentences(collected, rows)[0]
    )


def test_claims_take_their_own_metric(synthetic: Any) -> None:
    claim = {"better": "elu", "than": "nobody", "on": "test_loss", "source": "notes 000"}
    made = synthetic(("sigmoid", "elu"), 2, claims=[claim])
    for seed in range(2):
        made.add("elu", seed, metrics={"test_accuracy": 0.5, "test_loss": 1.0 + seed})
    row = claim_rows(collect(made.runs, "activations"))[0]
    assert (row.better.n, row.better.mean) == (2, 1.5)
    assert (row.than.n, row.than.mean) == (0, None)


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
    ],
)
def test_numbers_read_well(text: str, expected: str) -> None:
    assert text == expected
