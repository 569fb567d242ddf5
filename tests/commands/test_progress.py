"""What is printed of each run that ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ablations.commands.lines import Lines
from ablations.commands.progress import ProgressDisplay
from ablations.execution.worker import Job, Outcome
from ablations.ledger.records import Result
from ablations.study.metrics import METRICS


def said(capsys: Any, metric: str, **changes: Any) -> str:
    content = {
        "study": "s",
        "arm": "a",
        "seed": 0,
        "status": "completed",
        "fingerprint": "f",
        "metrics": {"test_accuracy": 0.5},
        "epochs": 2,
        "updates": 60,
        "seconds": {"total": 3.0, "train": 1.25},
    }
    result = Result.model_validate(content | changes)
    with ProgressDisplay(1, METRICS[metric], Lines()) as display:
        display.show(Outcome(Job("s", "a", 0, {}, {}, Path("runs"), ""), result))
    return str(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("metric", "shown"),
    [
        ("test_accuracy", "test accuracy 50.00%"),
        ("train_seconds", "training time 1.25"),
        ("dead_unit_share", "no share of dead units"),
        ("test_accuracy_raw", "no test accuracy, raw weights"),
        ("test_loss", "no test loss"),
    ],
)
def test_a_metric_that_a_run_lacks_is_said_to_be_lacking(
    capsys: Any, metric: str, shown: str
) -> None:
    assert said(capsys, metric) == f"[1/1] s/a/seed-0: {shown}, 2 epochs, 3.0 s\n"


def test_a_run_that_did_not_complete_says_why(capsys: Any) -> None:
    line = said(capsys, "test_loss", status="diverged", reason="loss not finite", metrics={})
    assert line == "[1/1] s/a/seed-0: diverged: loss not finite\n"
