"""Each task of the compiled loop on real data, from the study file to the verdict."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from ablations.analysis.show.report import write_reports
from ablations.commands import run as command
from ablations.execution.options import Options
from tests.support.tasks import PACKAGE

SEEDS = 6
HEAD = """\
study: {name}
question: Does a rate that is far too small do worse?
base:
  data: {{name: "{data}", validation: 60, train_examples: {train}}}
  model: {model}
  training:
    batch_size: 32
    epochs: {epochs}
    optimizer: {{name: adam, learning_rate: {rate}}}
{training}
  telemetry: {{histograms_every_epochs: 0}}
control: trains
arms:
  trains: {{}}
  hardly: {{training.optimizer.learning_rate: 1e-6}}
seeds: 6
"""
DEFAULTS = {"train": 600, "epochs": 4, "rate": 0.01, "training": "", "more": "margin: 0.01\n"}
REGRESSION = {
    "data": "diabetes",
    "train": 280,
    "epochs": 8,
    "rate": 0.3,
    "model": "{hidden: [16], activation: relu}",
    "training": """\
    loss: {name: huber, delta: 50}
    metrics: [r2_score]
    weight_average: {name: ema, decay: 0.9}
    early_stopping: {monitor: validation_r2_score}
    schedule: {name: performance, monitor: validation_mean_absolute_error}""",
    "more": """\
metrics: {test_mean_absolute_error: {unit: mg, if_diverged: 500}}
margin: 5
target: 60
claims: [{better: trains, than: hardly, source: any book}]
""",
}
STUDIES: dict[str, dict[str, Any]] = {
    "regression": REGRESSION,
    "several_labels": {
        "data": f"{PACKAGE}.labelled",
        "model": "{hidden: [16], activation: relu}",
        "training": "    loss: binary_crossentropy\n    metrics: [f1_score, auc]",
    },
    "two_inputs": {"data": f"{PACKAGE}.halves", "model": f'"{PACKAGE}.two_inputs"'},
    "residual": {"data": "digits", "model": f'"{PACKAGE}.residual"', "epochs": 8},
    "lstm": {"data": f"{PACKAGE}.text", "model": f'"{PACKAGE}.lstm"', "rate": 0.03},
    "transformer": {"data": f"{PACKAGE}.text", "model": f'"{PACKAGE}.transformer"'},
}
METRIC = {"regression": "test_mean_absolute_error", "several_labels": "test_binary_accuracy"}
SLOW = ("residual", "lstm", "transformer")


def trained(name: str) -> str:
    """Run and report a study; return the page's text."""
    words = {"name": name, **DEFAULTS, **STUDIES[name]}
    (Path("configs") / f"{name}.yaml").write_text(HEAD.format(**words) + words["more"])
    assert command.run(name, (), (), None, (), Options(executor="inline")) == 0
    (report,) = write_reports(Path("runs"), Path("report"), [name])
    return report.markdown


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in STUDIES]
)
def test_a_study_of_the_task_ends_with_its_verdict(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tensorflow: object
) -> None:
    (tmp_path / "configs").mkdir()
    monkeypatch.chdir(tmp_path)
    page = trained(name)
    with Path("report", name, "verdicts.csv").open() as stream:
        verdicts = {row["arm"]: row for row in csv.DictReader(stream)}
    assert verdicts["hardly"]["verdict"] == "worse"
    assert verdicts["hardly"]["n"] == str(SEEDS)
    metric = METRIC.get(name, "test_accuracy")
    with Path("report", name, "results.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert all(float(row[metric]) > 0 and row["status"] == "completed" for row in rows)
    if name == "regression":
        assert "accuracy" not in page
        assert "test mean absolute error" in page
        assert " mg" in page
        assert "validation mean absolute error of 60 or less" in page
        assert "reproduced" in page
        assert not list(Path("runs").rglob("correct.bin"))
        figures = {path.name for path in Path("report", name, "figures").iterdir()}
        assert "validation_mean_absolute_error_per_epoch.svg" in figures
        assert not any("accuracy" in figure for figure in figures)
