"""Gradient flow and findings: what the runs recorded of their layers, and single histograms."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablations.analysis.infer.findings import findings
from ablations.analysis.read.collect import collect
from ablations.analysis.show.findings import arm_sentences
from ablations.study.free_recipes import FreeRecipe, FunctionRecipe
from ablations.study.keras_recipe import KerasRecipe
from ablations.study.schema import Arm, DeclaredMetric, Study
from ablations.telemetry import summaries, tags
from ablations.telemetry.event_file import EventFile
from tests.plugin.conftest import ARMS
from tests.support.synthetic_runs import SyntheticStudy, write_layers

NAME = "activations"
BUCKETS = np.array([[-3, -2, 5], [-2, -1.5, 7]], np.float32)


@pytest.fixture
def layered(filled: SyntheticStudy) -> SyntheticStudy:
    """The filled study, with layers in every run: in ``elu`` norms fall by six orders."""
    for arm in ARMS:
        for seed in filled.study.seeds:
            orders = 6.0 if arm == "elu" else 0.5 + 0.1 * seed
            write_layers(filled.directory(arm, seed), layers=4, epochs=3, orders=orders)
    return filled


def test_gradient_flow_is_the_median_of_the_finished_runs(
    tab: Any, layered: SyntheticStudy
) -> None:
    found = tab(layered.runs).get("layers", study=NAME)
    assert (found["seed"], found["metric"]["name"]) == ("median", "gradient_norm")
    maps = {each["arm"]: each for each in found["maps"]}
    assert maps["sigmoid"]["layers"] == ["hidden1", "hidden2", "hidden3", "hidden4"]
    assert (maps["sigmoid"]["epochs"], maps["sigmoid"]["updates"]) == ([1, 2, 3], [40, 80, 120])
    orders = np.median([0.5 + 0.1 * seed for seed in range(8)])
    expected = [[orders * (layer / 4 - 1)] * 3 for layer in range(4)]
    assert np.allclose(maps["sigmoid"]["values"], expected)
    assert maps["tanh"]["n"] == 7  # one of its eight runs failed


def test_one_seed_is_its_own_file_a_run_in_training_too(tab: Any, layered: SyntheticStudy) -> None:
    layered.directory("elu", 3).result.unlink()
    found = tab(layered.runs).get(
        "layers", study=NAME, seed=3, arms="elu", metric="activation_deviation"
    )
    (elu,) = found["maps"]
    assert (elu["seed"], elu["values"]) == (3, [[1.0] * 3] * 4)
    norms = tab(layered.runs).get("layers", study=NAME, seed=3, arms="elu")["maps"][0]
    assert np.isclose(norms["values"][0][0], -6.0)


def test_findings_are_those_of_the_report(tab: Any, layered: SyntheticStudy) -> None:
    arms = {arm["arm"]: arm for arm in tab(layered.runs).get("findings", study=NAME)["arms"]}
    known = {found.arm: found for found in findings(collect(layered.runs, NAME))}
    for arm in ARMS:
        assert tuple(arms[arm]["findings"]) == arm_sentences(known[arm])
    assert arms["elu"]["findings"][0].startswith("gradients vanish")
    assert arms["sigmoid"]["findings"] == []


def own_study(runs: Path, trainer: str) -> None:
    """Keep a study of another trainer, none of whose runs has layers."""
    fit = {
        "data": "digits",
        "model": {"name": "python:tests.support.keras_training.plain"},
        "training": {"epochs": 3},
    }
    recipes = {
        "keras": KerasRecipe.model_validate({"trainer": "keras", **fit}),
        "function": FunctionRecipe(trainer="python:mine.train"),
        "imported": FreeRecipe(),
    }
    recipe = recipes[trainer]
    study = Study(
        study="own",
        question="?",
        base=recipe,
        control="a",
        arms=tuple(Arm(name=name, changes={}, recipe=recipe) for name in "ab"),
        seeds=2,
        metric="error",
        metrics={"error": DeclaredMetric(better="lower")},
    )
    SyntheticStudy(runs, study).write_record()


@pytest.mark.parametrize(
    ("trainer", "said"),
    [
        ("keras", "histograms of gradients and weights"),
        ("function", "Layers are recorded of runs that the compiled trainer trains"),
        ("imported", "Layers are recorded of runs that the compiled trainer trains"),
    ],
)
def test_views_of_layers_are_not_offered_where_no_run_has_any(
    tab: Any, tmp_path: Path, trainer: str, said: str
) -> None:
    own_study(tmp_path, trainer)
    opened = tab(tmp_path)
    assert opened.get("progress", study="own")["layered"] is False
    for view in ("layers", "findings"):  # by a link of old
        without = opened.get(view, study="own")["without"]
        assert said in without
        assert "histograms_every_epochs" not in without


def test_views_of_layers_are_offered_where_runs_record_them(
    tab: Any, layered: SyntheticStudy
) -> None:
    assert tab(layered.runs).get("progress", study=NAME)["layered"] is True
    said = tab(layered.runs).get("layers", study=NAME)["without"]
    assert "histograms_every_epochs: 0" in said


def write_histogram(directory: Path) -> Path:
    with EventFile(directory) as file:
        for step in (1, 3):
            tag = tags.gradient_histogram("hidden2")
            file.write(step, summaries.histogram(tag, BUCKETS * [1, 1, step]))
    return file.path


def test_a_cell_opens_the_histogram_of_its_epoch(tab: Any, layered: SyntheticStudy) -> None:
    path = write_histogram(layered.directory("elu", 0).path)
    asked = {"study": NAME, "arm": "elu", "seed": 0, "layer": "hidden2"}
    shown = tab(layered.runs)
    exact = shown.get("histogram", **asked, epoch=3)
    assert exact == {"step": 3, "buckets": [[-3, -2, 15], [-2, -1.5, 21]], "note": ""}
    near = shown.get("histogram", **asked, epoch=2)
    assert (near["step"], near["note"]) == (1, "The nearest that was written, of epoch 1.")
    response = shown.raw("histogram", **{**asked, "layer": "hidden9"}, epoch=3)
    assert response.status_code == 400
    assert 'did you mean "hidden2"?' in response.json["problem"]
    with path.open("ab") as stream:
        stream.write(b"torn")  # being written: what stands before it counts
    assert shown.get("histogram", **asked, epoch=3)["step"] == 3


def test_a_run_without_histograms_says_so(tab: Any, layered: SyntheticStudy) -> None:
    asked = {"study": NAME, "arm": "tanh", "seed": 0, "layer": "hidden1", "epoch": 1}
    assert "no histograms" in tab(layered.runs).get("histogram", **asked)["note"]


def test_an_event_file_that_leads_out_is_not_read(
    tab: Any, layered: SyntheticStudy, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    path = write_histogram(outside)
    (layered.directory("elu", 0).path / path.name).symlink_to(path)
    asked = {"study": NAME, "arm": "elu", "seed": 0, "layer": "hidden2", "epoch": 1}
    assert "buckets" not in tab(layered.runs).get("histogram", **asked)


def test_what_was_not_finite_is_marked_and_zero_has_a_place(
    tab: Any, filled: SyntheticStudy
) -> None:
    from ablations.ledger.lines import append_line

    layers = {"hidden1": {"gradient_norm": 0.0}, "hidden2": {"gradient_norm": math.nan}}
    path = filled.directory("elu", 0).layers
    append_line(path, {"epoch": 1, "updates": 40, "layers": layers})
    (elu,) = tab(filled.runs).get("layers", study=NAME, seed=0, arms="elu")["maps"]
    assert elu["values"] == [[-38.0], [None]]
    assert elu["lost"] == [[False], [True]]


def test_one_dead_arm_leaves_the_colours_to_the_others(tab: Any, layered: SyntheticStudy) -> None:
    found = tab(layered.runs).get("layers", study=NAME)
    values = [v for each in found["maps"] for row in each["values"] for v in row if v is not None]
    assert found["range"]["low"] == pytest.approx(np.percentile(values, 2))
    assert found["range"]["high"] == pytest.approx(np.percentile(values, 98))
    for seed in layered.study.seeds:  # no gradient arrives at all
        path = layered.directory("elu", seed).layers
        path.unlink()
        write_layers(layered.directory("elu", seed), layers=4, epochs=3, orders=2000.0)
    found = tab(layered.runs).get("layers", study=NAME)
    maps = {each["arm"]: each for each in found["maps"]}
    assert maps["elu"]["zero"] == [[True] * 3] * 3 + [[True] * 3]
    assert not np.any(maps["sigmoid"]["zero"])
    assert found["range"]["low"] > -2  # of the others alone


def test_an_arm_that_waits_is_not_told_that_its_telemetry_is_off(
    tab: Any, layered: SyntheticStudy
) -> None:
    for seed in layered.study.seeds:
        layered.directory("elu", seed).layers.unlink()
        layered.directory("elu", seed).result.unlink()
    arms = {arm["arm"]: arm for arm in tab(layered.runs).get("findings", study=NAME)["arms"]}
    assert (arms["elu"]["observed"], arms["elu"]["runs"]) == (0, 0)
    assert arms["sigmoid"]["runs"] == arms["sigmoid"]["observed"] > 0
