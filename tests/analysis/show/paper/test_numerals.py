from __future__ import annotations

from typing import Any

import pytest

from ablations.analysis.infer.inference import infer
from ablations.analysis.infer.intervals import Interval
from ablations.analysis.read.collect import collect
from ablations.analysis.show.paper.numerals import (
    Scale,
    count,
    equation,
    latex_number,
    probability,
    scale_of,
    seconds,
)
from ablations.study.metrics import METRICS
from tests.support.latex import visible

ACCURACY = Scale(METRICS["test_accuracy"], 2)
LOSS = Scale(METRICS["test_loss"], 3)


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        (ACCURACY.value(0.97523), "97.52"),
        (ACCURACY.difference(0.0123), "+1.23"),
        (ACCURACY.difference(-0.0123), "-1.23"),
        (ACCURACY.difference(-0.00001), "0.00"),
        (ACCURACY.difference(0.0), "0.00"),
        (ACCURACY.value(None), "--"),
        (ACCURACY.interval(Interval(-0.001, 0.0204)), "[-0.10, 2.04]"),
        (ACCURACY.interval(None), "--"),
        (LOSS.value(1234.5), "1,234.500"),
        (LOSS.difference(0.5), "+0.500"),
        (Scale(METRICS["test_loss"], None).value(1.234e-8), "1.23x 10-8"),
        (Scale(METRICS["test_loss"], None).difference(-2.5e20), "-2.50x 1020"),
        (probability(0.0004), "<0.001"),
        (probability(0.0312), "0.031"),
        (probability(1.0), "1.000"),
        (equation("p", 0.0004), "p<0.001"),
        (equation("p", 0.0312), "p=0.031"),
        (equation("p", None), "--"),
        (count(79510), "79,510"),
        (count(None), "--"),
        (seconds(0.01234), "0.012"),
        (seconds(12.345), "12.3"),
        (seconds(4321.0), "4,321"),
    ],
)
def test_numbers_read_as_in_a_paper(written: str, seen: str) -> None:
    assert visible(written) == seen


def test_a_number_can_stand_in_text_and_in_mathematics() -> None:
    assert latex_number("-1,234.5") == r"\ensuremath{-}1{,}234.5"
    assert latex_number("1.5e-07") == r"1.5\ensuremath{\times 10^{-7}}"


@pytest.mark.parametrize(
    ("losses", "decimals"),
    [
        ([0.510, 0.512, 0.514], 4),  # a deviation of .002 has two digits
        ([51.0, 53.0, 55.0], 1),
        ([1e-9, 2e-9, 4e-9], None),
        ([1e12, 2e12, 4e12], None),
        ([0.5, 0.5, 0.5], 4),
    ],
)
def test_a_metrics_deviation_sets_the_decimals(
    synthetic: Any, losses: list[float], decimals: int | None
) -> None:
    made = synthetic(("sigmoid", "elu"), 3)
    for arm in made.study.arm_names:
        for seed, loss in enumerate(losses):
            made.add(arm, seed, metrics={"test_loss": loss, "test_accuracy": 0.5})
    inference = infer(collect(made.runs, "activations"))
    assert scale_of(inference, "test_loss").decimals == decimals
    assert scale_of(inference, "test_accuracy").decimals == 2
