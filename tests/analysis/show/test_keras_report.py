"""The report, the tab's curves and the dashboards of a study that ``fit`` trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ablations.analysis.infer.inference import infer
from ablations.analysis.read.collect import collect
from ablations.analysis.show.report import write_reports
from ablations.study.schema import Study
from ablations.telemetry.layout import band_layout
from tests.support.synthetic_runs import SyntheticStudy


def study_of(metric: str, task: str = "regression") -> Study:
    def recipe(units: int) -> dict[str, Any]:
        return {
            "trainer": "keras",
            "data": {"name": "diabetes", "task": task},
            "model": {"name": "python:kr.build", "units": units},
            "training": {"epochs": 3},
        }

    return Study.model_validate(
        {
            "study": "fitted",
            "question": "Which width?",
            "base": recipe(8),
            "control": "a",
            "arms": [
                {"name": "a", "changes": {}, "recipe": recipe(8)},
                {"name": "b", "changes": {"model.units": 4}, "recipe": recipe(4)},
            ],
            "seeds": 2,
            "metrics": {"test_mae": {"unit": "points"}},
            "metric": metric,
        }
    )


@pytest.mark.parametrize("metric", ["test_mae", "test_loss"])
@pytest.mark.parametrize("task", ["regression", "classification"])
def test_a_model_without_the_tasks_score_is_reported(
    tmp_path: Path, metric: str, task: str
) -> None:
    made = SyntheticStudy(tmp_path / "runs", study_of(metric, task))
    made.write_record()
    for arm in made.study.arm_names:
        for seed in made.study.seeds:
            path = made.add(arm, seed, metrics={"test_mae": 50.0 + seed, "test_loss": 3e3})
            lines = [
                {"epoch": n, "updates": n, "validation_mae": 60 / n, "validation_loss": 9 / n}
                for n in (1, 2, 3)
            ]
            (path / "metrics.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    (written,) = write_reports(made.runs, tmp_path / "report", ["fitted"])
    markdown = written.markdown
    assert "nats" not in markdown
    assert "ccuracy" not in markdown
    assert "absolute error" not in markdown
    assert "validation_loss_per_epoch.svg" in markdown
    inference = infer(collect(made.runs, "fitted"))
    logged = inference.logged("validation_mae")
    assert logged is not None
    assert (logged.label, logged.unit) == ("validation mae", "points")
    loss = inference.logged("train_loss")
    assert loss is not None
    assert loss.unit == ""


@pytest.mark.parametrize(
    ("metric", "first"), [("test_mae", "validation_mae"), ("test_loss", "validation_loss")]
)
def test_what_answers_the_question_is_charted_first(metric: str, first: str) -> None:
    layout = band_layout(study_of(metric), ["train_loss", "validation_loss", "validation_mae"], [])
    assert first.encode() in layout.SerializeToString().partition(b"the rest")[0]
