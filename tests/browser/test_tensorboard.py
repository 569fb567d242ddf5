"""The runs in TensorBoard: what its own server answers, and what a person sees."""

from __future__ import annotations

import shutil
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import numpy as np
import pytest

from ablations.ledger.paths import RunsDirectory
from ablations.ledger.records import read_history, read_result
from ablations.telemetry import tags
from ablations.telemetry.event_file import EventFile
from ablations.telemetry.summaries import scalar
from tests.browser.conftest import ARMS, EPOCHS, SEEDS, Board, serving

STATUSES = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]
LAYERS = ("hidden1", "hidden2", "outputs")
OTHER = "runSelectionState=" + quote(b64encode(b'{"shown/elu/seed-1":true}'), safe="")
BANDED = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")


def groups(board: Board) -> list[dict[str, Any]]:
    metrics = [{"name": {"tag": "final/test_accuracy", "group": ""}}]
    request = {
        "colParams": [{"metric": metric["name"]} for metric in metrics],
        "allowedStatuses": STATUSES,
        "startIndex": 0,
        "sliceSize": 100,
    }
    found = board.post("/data/plugin/hparams/session_groups", request)["sessionGroups"]
    assert isinstance(found, list)
    return found


def test_each_arm_is_one_group_with_its_seeds_as_sessions(board: Board) -> None:
    sessions = {group["name"]: [s["name"] for s in group["sessions"]] for group in groups(board)}
    assert {name: sorted(names) for name, names in sessions.items()} == {
        f"shown/{arm}": [f"shown/{arm}/seed-{seed}" for seed in range(SEEDS)] for arm in ARMS
    }


def test_the_table_of_hparams_shows_what_varies_and_the_metric_of_the_results(
    board: Board,
) -> None:
    experiment = board.post("/data/plugin/hparams/experiment", {})
    columns = [info["name"] for info in experiment["hparamInfos"]]
    assert columns[:3] == ["arm", "model.activation.name", "model.normalization.name"]
    assert "model.initializer.name" not in columns
    runs = RunsDirectory(board.runs)
    for group in groups(board):
        arm = group["hparams"]["arm"]
        results = [read_result(runs.run("shown", arm, s).result) for s in range(SEEDS)]
        mean = np.mean([result.metrics["test_accuracy"] for result in results])
        shown = {m["name"]["tag"]: m["value"] for m in group["metricValues"]}
        assert np.isclose(shown["final/test_accuracy"], mean, atol=1e-6)


def test_scalars_are_those_of_the_runs_own_record(board: Board) -> None:
    history = read_history(RunsDirectory(board.runs).run("shown", "elu", 1).metrics)
    for key in ("train_loss", "validation_accuracy", "gradient_norm_after_clipping"):
        tag = tags.EPOCH_SCALARS[key]
        points = board.get(f"/data/plugin/scalars/scalars?run=shown/elu/seed-1&tag={tag}")
        assert [step for _, step, _ in points] == list(range(1, EPOCHS + 1))
        assert np.allclose([v for _, _, v in points], [e[key] for e in history], rtol=1e-6)
    found = set(board.get("/data/plugin/scalars/tags")["shown/elu/seed-1"])
    assert set(tags.EPOCH_SCALARS.values()) - found == {
        tags.EPOCH_SCALARS["validation_accuracy_raw"],
        tags.EPOCH_SCALARS["dead_unit_share"],
        tags.EPOCH_SCALARS["steps_skipped"],
        tags.EPOCH_SCALARS["loss_scale"],
    }


def test_histograms_of_gradients_activations_and_weights_stand_for_each_layer(
    board: Board,
) -> None:
    found = set(board.get("/data/plugin/histograms/tags")["shown/batch_norm/seed-0"])
    kinds = (tags.gradient_histogram, tags.weight_histogram)
    expected = {kind(layer) for kind in kinds for layer in LAYERS}
    assert found == expected | {tags.activation_histogram(name) for name in LAYERS[:2]}
    run = "shown/batch_norm/seed-0"
    answer = board.get(f"/data/plugin/histograms/histograms?run={run}&tag=weight/hidden1")
    assert [step for _, step, _ in answer] == list(range(EPOCHS + 1))
    assert all(sum(count for *_, count in buckets) == 64 * 32 for *_, buckets in answer)


def test_the_band_over_seeds_holds_its_mean(board: Board) -> None:
    values = {
        part: [
            value
            for _, _, value in board.get(
                "/data/plugin/scalars/scalars?run=shown/summary/elu&tag="
                + tags.band("validation_accuracy", part)
            )
        ]
        for part in ("lower", "mean", "upper")
    }
    runs = RunsDirectory(board.runs)
    histories = [read_history(runs.run("shown", "elu", s).metrics) for s in range(SEEDS)]
    table = np.array([[e["validation_accuracy"] for e in history] for history in histories])
    assert np.allclose(values["mean"], table.mean(axis=0), atol=1e-6)
    half = 12.706204736 * table.std(axis=0, ddof=1) / np.sqrt(SEEDS)  # t(0.975, 1), any table
    assert np.allclose(np.subtract(values["upper"], values["mean"]), half, atol=1e-5)
    assert np.allclose(np.subtract(values["mean"], values["lower"]), half, atol=1e-5)


def test_a_bare_address_opens_curves_and_figures_and_no_histogram(board: Board, page: Any) -> None:
    page.goto(board.address)
    page.wait_for_selector("scalar-card svg .line path, scalar-card canvas", state="attached")
    page.wait_for_selector("image-card img", state="attached")
    groups = page.locator("metrics-card-group-toolbar .group-title").all_inner_texts()
    assert groups[:2] == ["curves", "figures"]
    assert page.locator("histogram-card").count() == 0


def test_the_summaries_of_the_arms_come_before_all_runs(board: Board) -> None:
    runs = board.get("/data/runs")
    assert runs[: len(ARMS)] == [f"shown/summary/{arm}" for arm in ARMS]


def test_a_person_sees_learning_curves(board: Board, page: Any) -> None:
    page.goto(f"{board.address}/?tagFilter=curves%2Fvalidation&runFilter=elu#timeseries")
    page.wait_for_selector("scalar-card svg .line path, scalar-card canvas", state="attached")
    assert page.locator("scalar-card").count() == 2


def test_a_person_sees_histograms_of_gradients(board: Board, page: Any) -> None:
    page.goto(f"{board.address}/?tagFilter=gradient_log10&runFilter=elu%2Fseed-0#timeseries")
    page.wait_for_selector("histogram-card .histogram path", state="attached")
    assert page.locator("histogram-card").count() == len(LAYERS)


def test_a_person_sees_the_arms_in_hparams(board: Board, page: Any) -> None:
    page.goto(f"{board.address}/#hparams")
    for arm in ARMS:
        page.wait_for_selector(f"tf-hparams-table-view >> text=shown/{arm}")


def test_a_person_sees_the_bands(board: Board, page: Any) -> None:
    page.goto(f"{board.address}/#custom_scalars&regexInput=summary")
    page.wait_for_selector("tf-custom-scalar-margin-chart-card path.line", state="attached")
    charts = page.locator("tf-custom-scalar-margin-chart-card")
    assert charts.count() == 2 * len(BANDED)  # each whole, and close up
    close_up, whole = (charts.nth(n).evaluate("card => card.title") for n in (0, 1))
    assert close_up.startswith("validation accuracy (best arms")
    assert whole == "validation accuracy: all arms"


@pytest.fixture(scope="module")
def crowded(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A board on the trained study and so many runs that TensorBoard selects none by itself."""
    place = tmp_path_factory.mktemp("crowded")
    shutil.copytree(trained / "runs", place / "runs")
    for number in range(40):
        directory = place / "runs" / "other" / f"run-{number}"
        directory.mkdir(parents=True)
        with EventFile(directory) as events:
            events.write(1, scalar("curves/train_loss", 0.5))
    with serving(place, lambda board: len(board.get("/data/runs")) >= 50) as found:
        yield found


@pytest.mark.slow
def test_above_40_runs_the_tab_selects_those_that_show_the_study(crowded: Board, page: Any) -> None:
    page.goto(f"{crowded.address}/#ablations")
    page.wait_for_function("location.hash.includes('runSelectionState')")
    page.evaluate("location.hash = location.hash.replace('ablations', 'custom_scalars')")
    page.wait_for_selector("tf-custom-scalar-margin-chart-card path.line", state="attached")
    selected = page.locator("tf-runs-selector paper-checkbox[checked]").evaluate_all(
        "boxes => boxes.map((box) => box.name)"
    )
    assert set(selected) == {
        "shown",
        *(f"shown/summary/{arm}" for arm in ARMS),
        *(f"shown/{arm}/seed-0" for arm in ARMS),
    }


@pytest.mark.slow
@pytest.mark.parametrize("chosen", ["regexInput=elu", OTHER])
def test_what_a_reader_has_chosen_stays(crowded: Board, page: Any, chosen: str) -> None:
    page.goto(f"{crowded.address}/#ablations&{chosen}")
    frame = page.frame_locator('iframe[src*="plugin_entry.html?name=ablations"]')
    frame.locator("body[data-loaded=progress]").wait_for(state="attached")
    assert page.evaluate("location.hash") == f"#ablations&{chosen}"


def test_a_person_sees_the_network_with_its_layers_named(board: Board, page: Any) -> None:
    page.goto(f"{board.address}/#graphs&run=shown%2Fbatch_norm%2Fseed-0")
    page.wait_for_selector("svg >> text=mlp", state="attached")
    with urlopen(f"{board.address}/data/plugin/graphs/graph?run=shown/batch_norm/seed-0") as text:
        served = text.read().decode()
    for layer in ("hidden1", "batch_norm1", "elu1", "hidden2", "outputs"):
        assert f'name: "mlp/{layer}/' in served
    assert 'op: "NoOp"' not in served  # which the dashboard draws apart, as auxiliary nodes
    named = {n.get_attribute("data-name") for n in page.locator("g.node").element_handles()}
    assert "mlp" in named


def test_a_person_reads_the_report_in_the_text_dashboard(board: Board, page: Any) -> None:
    page.goto(f"{board.address}/#text")
    page.wait_for_selector("text=Can the runs be seen?")
