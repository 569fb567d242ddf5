"""From a study file to a verdict with trainers of one's own, on real data, from the shell."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from tests.commands.test_shell import ablations
from tests.support import keras_training

SKLEARN = """\
from sklearn.datasets import load_diabetes
from sklearn.linear_model import SGDRegressor
from sklearn.model_selection import train_test_split


def train(run):
    x, y = load_diabetes(return_X_y=True, scaled=True)
    x, x_test, y, y_test = train_test_split(x, y, random_state=run.seed)
    model = SGDRegressor(alpha=run.settings["alpha"], random_state=run.seed)
    for epoch in range(run.settings["epochs"]):
        model.partial_fit(20 * x, y)
        run.log(epoch, error=abs(model.predict(20 * x_test) - y_test).mean())
    return {"error": abs(model.predict(20 * x_test) - y_test).mean()}
"""
NUMPY = """\
import json, sys
import numpy as np
from sklearn.datasets import load_digits

rate, steps, seed, directory = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
images, labels = load_digits(return_X_y=True)
order = np.random.default_rng(seed).permutation(len(images))
x, y = images[order] / 16, np.eye(10)[labels[order]]
train, test = slice(0, 1400), slice(1400, None)
weights = np.zeros((64, 10))
for step in range(steps):
    logits = x[train] @ weights
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    weights -= rate * x[train].T @ (shares - y[train]) / 1400
    loss = -np.mean(np.log(np.sum(shares * y[train], axis=1)))
    with open(f"{directory}/metrics.jsonl", "a") as log:
        log.write(json.dumps({"step": step, "loss": loss}) + "\\n")
wrong = np.mean((x[test] @ weights).argmax(axis=1) != y[test].argmax(axis=1))
json.dump({"error": float(wrong)}, open(f"{directory}/final.json", "w"))
"""
STUDY = """\
study: own
question: Which setting?
trainer: {trainer}
base: {{settings: {settings}}}
control: usual
arms: {{usual: {{}}, other: {{{change}}}}}
seeds: 6
metrics: {{error: {{better: lower, unit: points, if_diverged: 100}}}}
metric: error
"""
KERAS = """\
study: own
question: Which setting?
trainer: keras
base:
  data: {name: python:mine.pipeline, batch: 64}
  model: {name: python:mine.contrastive, width: 16}
  training: {epochs: 3}
control: usual
arms: {usual: {}, other: {model.width: 1}}
seeds: 6
metrics: {test_contrastive_loss: {better: lower, unit: nats}}
metric: test_contrastive_loss
"""
CASES = {
    "function": STUDY.format(
        trainer="python:mine.train",
        settings="{alpha: 0.0001, epochs: 5}",
        change="settings.alpha: 10",
    ),
    "command": STUDY.format(
        trainer='{command: [python, mine.py, "{rate}", "{steps}", "{seed}", "{directory}"]}',
        settings="{rate: 1, steps: 30}",
        change="settings.rate: 0.01",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_from_the_file_to_the_verdict(workplace: Path, case: str) -> None:
    (workplace / "mine.py").write_text(SKLEARN if case == "function" else NUMPY)
    (workplace / "own.yaml").write_text(CASES[case])
    done = ablations("run", "own.yaml", "--workers", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 completed" in done.stdout
    again = ablations("run", "own.yaml")
    assert "12 of 12 runs need no training" in again.stdout
    reported = ablations("report", "own")
    assert reported.returncode == 0, reported.stderr
    report = workplace / "report" / "own"
    with (report / "verdicts.csv").open() as stream:
        verdicts = {row["arm"]: row["verdict"] for row in csv.DictReader(stream)}
    assert verdicts == {"usual": "control", "other": "worse"}
    markdown = (report / "report.md").read_text()
    assert "ccuracy" not in markdown
    assert "points" in markdown
    logged = "error" if case == "function" else "loss"
    assert f"figures/{logged}_per_step.svg" in markdown
    assert (report / "figures" / f"{logged}_per_step.svg").is_file()
    with (report / "curves.csv").open() as stream:
        curve = [row for row in csv.DictReader(stream) if row["metric"] == logged]
    assert {row["arm"] for row in curve} == {"usual", "other"}
    assert re.search(r"\| other \| settings\.\w+ \|", markdown)
    (workplace / "mine.py").write_text((workplace / "mine.py").read_text() + "# another version\n")
    assert re.search(r"^other +0 +0 +6 ", ablations("status", "own.yaml").stdout, re.MULTILINE)


@pytest.mark.slow
def test_a_train_step_of_ones_own_on_a_pipeline_comes_to_a_verdict(workplace: Path) -> None:
    (workplace / "mine.py").write_bytes(Path(keras_training.__file__).read_bytes())
    (workplace / "own.yaml").write_text(KERAS)
    done = ablations("run", "own.yaml", "--workers", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 completed" in done.stdout
    reported = ablations("report", "own")
    assert reported.returncode == 0, reported.stderr
    report = workplace / "report" / "own"
    with (report / "verdicts.csv").open() as stream:
        verdicts = {row["arm"]: row["verdict"] for row in csv.DictReader(stream)}
    assert verdicts == {"usual": "control", "other": "worse"}
    with (report / "curves.csv").open() as stream:
        drawn = {row["metric"] for row in csv.DictReader(stream)}
    assert {"train_contrastive_loss", "validation_contrastive_loss"} <= drawn
    assert "ccuracy" not in (report / "report.md").read_text()
