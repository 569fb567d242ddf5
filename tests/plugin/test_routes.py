"""What the tab's routes answer: the numbers of the report, read from the ledger."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablations.analysis.infer.inference import infer
from ablations.analysis.read.collect import collect
from ablations.analysis.show.answer import answer
from ablations.analysis.show.curves_csv import curves_csv
from ablations.analysis.show.sections.verdicts import verdict_table
from ablations.analysis.show.verdicts_csv import verdicts_csv
from ablations.ledger.lock import hold
from tests.plugin.conftest import ARMS
from tests.support.synthetic_runs import SyntheticStudy, make_factorial

NAME = "activations"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_answer_is_that_of_the_report(tab: Any, filled: SyntheticStudy) -> None:
    found = tab(filled.runs).get("answer", study=NAME)
    assert tuple(found["answer"]) == answer(infer(collect(filled.runs, NAME)))
    assert any("failed" in line for line in found["left_out"])


def test_each_run_stands_with_its_state_its_epoch_and_its_reason(
    tab: Any, filled: SyntheticStudy
) -> None:
    for seed in (0, 1):  # one in training, one that was killed
        filled.directory("elu", seed).result.unlink()
    with hold(filled.directory("elu", 0).path):
        found = tab(filled.runs).get("progress", study=NAME)
    runs = {(run["arm"], run["seed"]): run for run in found["runs"]}
    assert len(runs) == len(ARMS) * 8
    assert found["states"] == {"done": 20, "running": 1, "diverged": 1, "failed": 1, "pending": 1}
    assert (runs["elu", 0]["state"], runs["elu", 0]["epoch"], runs["elu", 0]["epochs"]) == (
        "running",
        3,
        3,
    )
    assert (runs["elu", 1]["state"], runs["elu", 1]["epoch"]) == ("pending", 3)
    assert runs["tanh", 7]["reason"] == "OSError: <img onerror=x>"
    assert runs["tanh", 6]["reason"] == "the loss is NaN"


def test_time_left_is_what_finished_runs_took_less_what_is_done(
    tab: Any, filled: SyntheticStudy
) -> None:
    for seed in (0, 1, 2):
        filled.directory("elu", seed).result.unlink()
    half = filled.directory("elu", 0)
    half.metrics.write_text("".join(half.metrics.read_text().splitlines(True)[:1]))
    with hold(half.path):
        found = tab(filled.runs).get("progress", study=NAME)
    # A run takes 14 s; two are pending, of the third two epochs of three are left.
    assert np.isclose(found["left_seconds"], 14 * (2 + 2 / 3))
    assert tab(filled.runs).get("progress", study=NAME)["left_seconds"] is None  # nothing trains


def test_verdicts_and_forest_are_the_numbers_of_verdicts_csv(
    tab: Any, filled: SyntheticStudy
) -> None:
    found = tab(filled.runs).get("effects", study=NAME)
    inference = infer(collect(filled.runs, NAME))
    texts = [[cell["text"] for cell in row] for row in found["table"]["rows"]]
    assert texts == [[cell.text for cell in row] for row in verdict_table(inference).rows]
    for row, of_arm in zip(rows(verdicts_csv(inference)), found["forest"], strict=True):
        assert (row["arm"], row["verdict"]) == (of_arm["arm"], of_arm["verdict"])
        assert (row["may_be_best"] == "yes") == of_arm["may_be_best"]
        if row["effect"]:
            assert float(row["effect"]) == of_arm["effect"]
            assert float(row["low_all"]) == of_arm["simultaneous"]["low"]


def test_another_metric_is_judged_without_the_margin(tab: Any, filled: SyntheticStudy) -> None:
    draw = np.random.default_rng(1)
    losses = {arm: draw.normal(0.5 + 0.1 * place, 0.01, 8) for place, arm in enumerate(ARMS)}
    for arm in ARMS:
        for seed in range(8):
            filled.add(arm, seed, metrics={"test_accuracy": 0.9, "test_loss": losses[arm][seed]})
    found = tab(filled.runs).get("effects", study=NAME, metric="test_loss")
    assert (found["declared"], found["margin"], found["metric"]["better"]) == (False, 0, "lower")
    (elu,) = (row for row in found["forest"] if row["arm"] == "elu")
    assert np.isclose(elu["effect"], np.mean(losses["elu"] - losses["sigmoid"]))
    assert elu["verdict"] == "worse"
    assert "test_loss" in [metric["name"] for metric in found["metrics"]]


def test_curves_are_those_of_curves_csv(tab: Any, filled: SyntheticStudy) -> None:
    found = tab(filled.runs).get("curves", study=NAME, metric="validation_loss")
    known = rows(curves_csv(infer(collect(filled.runs, NAME))))
    for arm in found["arms"]:
        own = [r for r in known if r["arm"] == arm["arm"] and r["metric"] == "validation_loss"]
        assert arm["epochs"] == [int(row["epoch"]) for row in own] == [1, 2, 3]
        assert arm["means"] == [float(row["mean"]) for row in own]
        assert arm["low"] == [float(row["low"]) for row in own]
        assert arm["updates"] == [100, 200, 300]
    names = {metric["name"] for metric in found["metrics"]}
    assert names == {"train_loss", "validation_loss", "validation_accuracy"}


def test_single_seeds_include_the_run_that_is_being_trained(
    tab: Any, filled: SyntheticStudy
) -> None:
    filled.directory("elu", 5).result.unlink()
    with hold(filled.directory("elu", 5).path):
        found = tab(filled.runs).get("seeds", study=NAME, metric="train_loss", arms="elu")
    states = {run["seed"]: run["state"] for run in found["runs"]}
    assert states == {**dict.fromkeys(range(8), "done"), 5: "running"}
    assert all(len(run["values"]) == 3 for run in found["runs"])


def test_interaction_means_are_those_of_the_cells(tab: Any, tmp_path: Path) -> None:
    made = SyntheticStudy(tmp_path / "runs", make_factorial(6))
    made.write_record()
    values = np.random.default_rng(2).uniform(0.5, 0.9, (len(made.study.arms), 6))
    for arm, of_arm in zip(made.study.arms, values, strict=True):
        for seed in range(6):
            made.add(arm.name, seed, float(of_arm[seed]))
    found = tab(made.runs).get("interactions", study="factorial")
    (pair,) = found["pairs"]
    assert pair["levels"] == [["sigmoid", "elu", "relu"], ["32", "64"]]
    assert np.allclose([cell["mean"] for cell in pair["cells"]], values.mean(axis=1))
    half = 2.570581836 * values.std(axis=1, ddof=1) / np.sqrt(6)  # t(0.975, 5), any table
    highs = [cell["interval"]["high"] for cell in pair["cells"]]
    assert np.allclose(highs, values.mean(axis=1) + half)


@pytest.mark.parametrize(
    ("route", "asked", "status", "says"),
    [
        ("progress", {"study": "activatons"}, 404, 'no study "activatons"'),
        ("progress", {"study": "../runs/activations"}, 404, "no study"),
        ("progress", {}, 404, "no study"),
        ("curves", {"study": NAME, "arms": "selu"}, 400, 'no arm is called "selu"'),
        ("curves", {"study": NAME, "metric": "lost"}, 400, 'no run logged "lost"'),
        ("effects", {"study": NAME, "metric": "speed"}, 400, 'unknown metric "speed"'),
    ],
)
def test_a_request_for_what_is_not_there_is_one_line(
    tab: Any, filled: SyntheticStudy, route: str, asked: dict[str, str], status: int, says: str
) -> None:
    response = tab(filled.runs).raw(route, **asked)
    assert response.status_code == status
    assert says in response.json["problem"]
    assert response.mimetype == "application/json"


def test_one_study_as_the_log_directory_is_that_study_alone(
    tab: Any, filled: SyntheticStudy
) -> None:
    shown = tab(filled.runs / NAME)
    assert [study["name"] for study in shown.get("studies")["studies"]] == [NAME]
    assert len(shown.get("progress", study=NAME)["runs"]) == 24
    (filled.runs / "other").mkdir()
    (filled.runs / "other" / "study.yaml").write_text("")
    assert shown.raw("progress", study="other").status_code == 404


def test_the_page_is_served_with_its_library_and_nothing_else(tab: Any, tmp_path: Path) -> None:
    shown = tab(tmp_path)
    entry = shown.raw("static/index.js")
    assert (entry.status_code, entry.mimetype) == (200, "text/javascript")
    assert shown.raw("static/vendor/uplot.js").status_code == 200
    assert shown.raw("static/style.css").mimetype == "text/css"
    for name in ("static/../tab.py", "static/%2e%2e/tab.py", "static//etc/passwd", "static/"):
        assert shown.raw(name).status_code == 404


def test_numbers_that_are_not_finite_are_null(tab: Any, filled: SyntheticStudy) -> None:
    filled.add("elu", 0, 0.9, (0.5, None, 0.8))
    text = tab(filled.runs).raw("curves", study=NAME, metric="validation_loss").text
    assert "NaN" not in text
    assert json.loads(text)["arms"][2]["epochs"] == [1, 3]
