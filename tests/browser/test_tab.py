"""The Ablations tab as a person meets it: each view on a study really trained, and one in training.

Each picture is kept in ``tests/browser/pictures/``, which git ignores.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from ablations.analysis.read.layers import read_layers
from ablations.ledger.paths import RunsDirectory
from tests.browser.conftest import ARMS, EPOCHS, SEEDS, Board, serving

PICTURES = Path(__file__).parent / "pictures"
WIDTHS = (1280, 800, 390)
FACTORIAL = """\
study: whole
question: Do the activation and normalization interact, each at its own rate?
base:
  data: {name: digits, validation: 200, train_examples: 320}
  model: {hidden: [16, 16], activation: elu, initializer: he_normal}
  training: {batch_size: 32, epochs: 3, optimizer: {name: sgd, learning_rate: 0.1}}
  telemetry: {histograms_every_epochs: 1}
control: plain
design: full_factorial
factors:
  model.activation: [sigmoid, elu]
  model.normalization: {without: null, with: batch_norm}
tune: {settings: {training.optimizer.learning_rate: [0.01, 0.1]}, seeds: [100, 101]}
seeds: 6
margin: 0.005
"""
OWN = """\
study: own
question: Does another trainer have layers?
trainer: python:mine.train
base: {settings: {rate: 0.01}}
control: slow
arms: {slow: {}, fast: {settings.rate: 0.1}}
seeds: 1
metrics: {error: {better: lower}}
metric: error
"""
LONG = """\
study: long
question: Can it be watched?
base:
  data: {name: digits, validation: 200}
  model: {hidden: [32], activation: elu, initializer: he_normal}
  training: {batch_size: 16, epochs: 20, optimizer: {name: sgd, learning_rate: 0.01}}
control: short
arms: {short: {}, long: {training.epochs: 90000}}
seeds: 1
"""
"""One arm ends at once, the other does not end while it is watched."""


def open_tab(page: Any, board: Board, view: str = "", **state: str) -> Any:
    """Open the tab in a view, and return its frame once that has loaded."""
    asked = {**({"view": view} if view else {}), **state}
    query = "&".join(f"ablations.{key}={quote(value)}" for key, value in asked.items())
    page.goto(f"{board.address}/?{query}#ablations")
    frame = page.frame_locator('iframe[src*="plugin_entry.html?name=ablations"]')
    frame.locator(f"body[data-loaded={view or 'progress'}]").wait_for(state="attached")
    return frame


def turn_to(frame: Any, title: str) -> None:
    """Click a view's tab and wait until it has loaded."""
    tab = frame.get_by_role("tab", name=title)
    name = tab.get_attribute("id").removeprefix("tab-")
    tab.click()
    frame.locator(f"body[data-loaded={name}]").wait_for(state="attached")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as stream:
        return list(csv.DictReader(stream))


def cells(frame: Any, region: str) -> list[list[str]]:
    """Return the texts of a table's rows."""
    table = frame.get_by_role("region", name=region, exact=True).locator("table").first
    return [row.locator("th, td").all_inner_texts() for row in table.locator("tbody tr").all()]


def last_norm(board: Board, seed: int) -> float:
    """Return the norm of the outputs' gradients at the last epoch of a run of ``elu``."""
    layers = read_layers(RunsDirectory(board.runs).run("shown", "elu", seed).layers)
    return layers.epochs[-1].layers["outputs"]["gradient_norm"]


def test_the_tab_shows_what_the_report_says(board: Board, page: Any, trained: Path) -> None:
    report = trained / "report" / "shown"
    frame = open_tab(page, board)
    answer = frame.locator(".sentences").inner_text()
    assert answer in " ".join((report / "report.md").read_text().replace("\\", "").split())
    assert "6 of 6 runs finished" in frame.locator(".figures").inner_text()
    assert frame.locator("main .cell.state-done").count() == 6

    turn_to(frame, "Verdicts")
    known = rows(report / "verdicts.csv")
    shown = {row[0].removesuffix(" (control)"): row for row in cells(frame, "Table")}
    assert list(shown) == list(ARMS)
    for row in known:
        if row["effect"]:
            effect = float(shown[row["arm"]][4].replace("−", "-"))  # to the interval's decimals
            half = 50 * (float(row["high"]) - float(row["low"]))
            assert abs(effect - 100 * float(row["effect"])) <= 0.05 * half + 1e-9
    assert frame.locator("svg.forest .mark").count() >= len(ARMS) - 1
    frame.get_by_role("button", name="effect (points)").click()
    assert "ablations.sort=4d" in page.evaluate("location.search")
    effects = {row["arm"]: float(row["effect"]) for row in known if row["effect"]}
    order = [row[0] for row in cells(frame, "Table")]
    assert order[:-1] == sorted(effects, key=lambda arm: -effects[arm])
    frame.get_by_label("Metric").select_option("test_loss")
    frame.get_by_text("did not declare test loss as its metric").wait_for()

    turn_to(frame, "Curves")
    frame.locator("canvas").first.wait_for()
    last = {
        row["arm"]: row
        for row in rows(report / "curves.csv")
        if row["metric"] == "validation_accuracy" and row["epoch"] == str(EPOCHS)
    }
    for name, epoch, mean, _, n in cells(frame, "Table"):
        arm = name.removesuffix(" (control)")
        assert mean == f"{100 * float(last[arm]['mean']):.2f}%"
        assert (epoch, n) == (str(EPOCHS), last[arm]["n"])
    assert sorted(frame.locator(".names span").all_inner_texts()) == sorted(ARMS)

    turn_to(frame, "Gradients")
    frame.locator("canvas.map").nth(len(ARMS) - 1).wait_for()
    norms = [last_norm(board, seed) for seed in range(SEEDS)]
    norm = 10 ** float(np.median(np.log10(norms)))
    frame.locator("canvas.map").first.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    said = frame.locator(".readout").inner_text()
    assert f"elu, outputs, epoch {EPOCHS}" in said
    assert f"({norm:.2e}".replace("e-0", "e−").replace("e+0", "e+") in said
    page.keyboard.press("Enter")
    frame.locator("svg.histogram .bucket").first.wait_for()
    counted = frame.locator(".detail .note").inner_text()
    assert f"{10 * 32 * 4:,} gradients" in counted  # 32 × 10 weights at 4 sampled steps, none 0


@pytest.mark.slow
def test_a_link_opens_the_page_as_it_was(board: Board, page: Any) -> None:
    frame = open_tab(
        page,
        board,
        "curves",
        study="shown",
        curve="train_loss",
        arms="elu",
        scale="log",
        x="updates",
    )
    frame.locator("canvas").first.wait_for()
    assert frame.get_by_label("Metric").input_value() == "train_loss"
    pressed = frame.locator("button[aria-pressed=true]").all_inner_texts()
    assert [text.strip() for text in pressed] == ["log", "updates", "elu (control)"]
    assert frame.locator(".names span").all_inner_texts() == ["elu"]
    frame.get_by_role("button", name="sigmoid").click()
    frame.locator(".names span", has_text="sigmoid").wait_for()
    assert "ablations.arms=elu%2Csigmoid" in page.url
    page.reload()
    frame.locator(".names span", has_text="sigmoid").wait_for()


@pytest.mark.slow
def test_views_of_layers_are_offered_where_the_trainer_records_them(
    tmp_path: Path, board: Board, page: Any
) -> None:
    frame = open_tab(page, board)
    assert frame.get_by_role("tab", name="Gradients").is_visible()
    (tmp_path / "mine.py").write_text("def train(run):\n    return {'error': run.seed}\n")
    (tmp_path / "own.yaml").write_text(OWN)
    command = [sys.executable, "-m", "ablations", "run", "own.yaml"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    with serving(tmp_path, lambda found: bool(found.get("/data/runs"))) as own:
        frame = open_tab(page, own, "gradients")
        frame.get_by_text("that the compiled trainer trains").wait_for()
        shown = frame.get_by_role("tab").all_inner_texts()
        assert [text for text in shown if text] == ["Progress", "Verdicts", "Curves"]


@pytest.mark.slow
def test_light_and_dark_are_those_of_tensorboard(board: Board, page: Any) -> None:
    frame = open_tab(page, board)
    paper = "getComputedStyle(document.body).backgroundColor"
    body = frame.locator("body")
    assert body.evaluate(f"() => {paper}") == "rgb(255, 255, 255)"
    page.evaluate("document.body.classList.add('dark-mode')")
    frame.locator("html[data-theme=dark]").wait_for(state="attached")
    assert body.evaluate(f"() => {paper}") == "rgb(48, 48, 48)"


@pytest.mark.slow
def test_the_keyboard_alone_reaches_every_view(board: Board, page: Any) -> None:
    frame = open_tab(page, board)
    frame.get_by_role("tab", name="Progress").focus()
    page.keyboard.press("ArrowRight")
    frame.locator("body[data-loaded=effects]").wait_for(state="attached")
    outline = "e => getComputedStyle(e).outlineStyle"
    assert frame.get_by_role("tab", name="Verdicts").evaluate(outline) == "solid"
    page.keyboard.press("End")
    frame.locator("body[data-loaded=findings]").wait_for(state="attached")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A board on a tuned factorial study, really trained, and on directories that are broken."""
    place = tmp_path_factory.mktemp("whole")
    (place / "whole.yaml").write_text(FACTORIAL)
    for command in (["run", "whole.yaml"], ["report", "whole"]):
        subprocess.run(
            [sys.executable, "-m", "ablations", *command],
            cwd=place,
            check=True,
            capture_output=True,
        )
    broken = place / "runs" / "<img src=x onerror=alert(1)>" / "arm" / "seed-0"
    broken.mkdir(parents=True)
    (place / "runs" / "older").mkdir()
    (place / "runs" / "older" / "study.yaml").write_text("study: older\nfuture: <b>1</b>\n")
    with serving(place, lambda board: bool(board.get("/data/runs"))) as found:
        yield found


@pytest.mark.slow
def test_tuning_and_interactions_are_those_of_the_report(whole: Board, page: Any) -> None:
    report = (whole.runs.parent / "report" / "whole" / "report.md").read_text()
    frame = open_tab(page, whole, "tuning", study="whole")
    assert frame.locator("svg.points").count() == 1
    for row in cells(frame, "Table"):
        assert f"| {row[0]} | {row[1]} |" in report
    turn_to(frame, "Interactions")
    assert frame.locator("svg.points").count() == 1
    contrasts = frame.get_by_role("region", name="Table", exact=True).last
    for row in contrasts.locator("tbody tr").all():
        assert " | ".join(row.locator("th, td").all_inner_texts()) in report
    frame.get_by_role("button", name="normalization").click()
    assert frame.locator("svg.points text.axis").first.text_content() == "model.normalization"


@pytest.mark.slow
def test_broken_studies_are_named_and_nothing_in_a_name_runs(whole: Board, page: Any) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    frame = open_tab(page, whole, study="older")
    assert "not a study's record" in frame.locator(".problem").inner_text()
    name = "<img src=x onerror=alert(1)>"
    frame.get_by_label("Study", exact=True).select_option(name)
    frame.get_by_text("no study can have this name").wait_for()
    assert frame.locator("img").count() == 0
    frame.get_by_label("Study", exact=True).select_option("whole")
    frame.locator(".sentences").wait_for()
    assert asked == []


VIEWS = ("progress", "effects", "curves", "gradients", "findings", "tuning", "interactions")


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
def test_each_view_fits_each_width_in_light_and_dark(whole: Board, page: Any, view: str) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    PICTURES.mkdir(exist_ok=True)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1000})
        frame = open_tab(page, whole, view, study="whole")
        for theme in ("light", "dark"):
            page.evaluate(f"document.body.classList.toggle('dark-mode', {theme == 'dark':d})")
            frame.locator(f"html[data-theme={theme}]").wait_for(state="attached")
            page.wait_for_timeout(150)
            page.screenshot(path=PICTURES / f"{view}-{width}-{theme}.png")
        assert frame.locator("html").evaluate("e => e.scrollWidth") <= width
        assert frame.locator(".problem:visible").count() == 0
    assert [url for url in requests if not url.startswith((whole.address, "data:", "blob:"))] == []


@pytest.mark.slow
def test_a_study_is_watched_while_it_trains(tmp_path: Path, page: Any, browser: Any) -> None:
    (tmp_path / "long.yaml").write_text(LONG)
    (tmp_path / "runs").mkdir()
    with serving(tmp_path, lambda board: board.get("/data/runs") is not None) as board:
        page.goto(f"{board.address}/#ablations")
        frame = page.frame_locator('iframe[src*="plugin_entry.html?name=ablations"]')
        frame.get_by_text("No study was run in").wait_for()
        command = [sys.executable, "-m", "ablations", "run", "long.yaml", "--workers", "1"]
        with subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as training:
            try:
                running = frame.get_by_role("region", name="In training")
                running.get_by_text("of 90000").wait_for()
                first = running.locator("td").nth(1).inner_text()
                page.wait_for_function(
                    "text => !document.querySelector('iframe').contentDocument"
                    ".body.textContent.includes(text)",
                    arg=first,
                )
                turn_to(frame, "Curves")
                frame.locator("canvas").first.wait_for()
                PICTURES.mkdir(exist_ok=True)
                page.screenshot(path=PICTURES / "training.png")
                turn_to(frame, "Progress")
                frame.get_by_text("1 of 2 runs finished").wait_for()
                frame.get_by_text("left.").wait_for()
            finally:
                training.terminate()  # what was started in the background may not hear SIGINT
                training.wait(timeout=60)
        frame.get_by_text("Nothing trains at the moment").wait_for()
