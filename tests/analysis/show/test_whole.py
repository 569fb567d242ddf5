"""The page of a study over several data sets, from synthetic runs."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from ablations.analysis.show.report import StudyReport, write_reports
from ablations.ledger.paths import RunsDirectory
from tests.support.pages import Text
from tests.support.synthetic_runs import SyntheticStudy, make_parts

ARMS = ("sigmoid", "elu", "tanh", "selu")
EFFECTS = {  # elu better on all, tanh depends, selu better on some
    "one": (0, 0.1, 0.1, 0.1),
    "two": (0, 0.1, -0.1, 0),
    "three": (0, 0.1, 0, 0),
}


def fill(runs: Path, labels: tuple[str, ...] = ("one", "two", "three")) -> None:
    draw = np.random.default_rng(2)
    for part in make_parts("tasks", ARMS, 8):
        assert part.part is not None
        if part.part.label not in labels:
            continue
        made = SyntheticStudy(runs, part)
        made.write_record()
        for arm, effect in zip(ARMS, EFFECTS[part.part.label], strict=True):
            for seed in part.seeds:
                made.add(arm, seed, 0.7 + effect + float(draw.normal(0, 0.01)))


def report(place: Path, *names: str) -> dict[str, StudyReport]:
    return {each.study: each for each in write_reports(place / "runs", place / "out", names)}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where all parts were run."""
    place = tmp_path_factory.mktemp("whole")
    fill(place / "runs")
    return place


@pytest.fixture(scope="module")
def reported(place: Path) -> dict[str, StudyReport]:
    """Return the reports of all parts, which lie below ``place``."""
    return report(place)


def test_the_answer_says_what_holds_on_all_what_depends_and_what_on_some(
    reported: dict[str, StudyReport],
) -> None:
    whole = reported["tasks"]
    sentences = " ".join(whole.answer)
    assert sentences.startswith(
        "Better than the control, sigmoid, in test accuracy on all of 3 data sets (one, two and "
        "three): elu. It depends for tanh (better on one, worse on two). Better on some: selu "
        "(one). The best mean rank is that of elu: "
    )
    assert whole.notices == ()
    page = Text(whole.page.read_text())
    assert "4 arms, 3 data sets, 8 seeds each; 96 runs in the report." in page.text
    for label in EFFECTS:
        part = whole.page.parents[1] / f"tasks+data.name={label}" / "index.html"
        links = [tag["href"] for name, tag in page.tags if name == "a"]
        assert f"../tasks%2Bdata.name%3D{label}/index.html" in links
        back = [tag["href"] for name, tag in Text(part.read_text()).tags if name == "a"]
        assert back[:2] == ["../index.html", "../tasks/index.html"]


@pytest.mark.usefixtures("reported")
def test_the_table_of_all_parts_holds_each_parts_own(place: Path) -> None:
    text = (place / "out/tasks/verdicts.csv").read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    for label in EFFECTS:
        own = (place / f"out/tasks+data.name={label}/verdicts.csv").read_text()
        lines = text.splitlines()
        assert [f"{label},{line}" for line in own.splitlines()[1:]] == [
            line for line in lines if line.startswith(f"{label},")
        ]
    assert len(rows) == 12


@pytest.mark.usefixtures("reported")
def test_the_overview_lists_the_study_once(place: Path) -> None:
    links = [t["href"] for n, t in Text((place / "out/index.html").read_text()).tags if n == "a"]
    assert links == ["tasks/index.html"]
    assert "tasks+data" not in (place / "out/README.md").read_text()


def test_one_part_brings_the_others_and_the_same_bytes(
    place: Path, reported: dict[str, StudyReport]
) -> None:
    before = {p: p.read_bytes() for p in (place / "out").rglob("*") if p.is_file()}
    assert set(report(place, "tasks+data.name=two")) == set(reported)
    assert set(reported) == {"tasks", *(f"tasks+data.name={label}" for label in EFFECTS)}
    assert before == {p: p.read_bytes() for p in (place / "out").rglob("*") if p.is_file()}


def test_parts_that_were_not_run_or_ask_something_else_are_named(tmp_path: Path) -> None:
    fill(tmp_path / "runs", ("one", "two"))
    whole = report(tmp_path)["tasks"]
    assert whole.notices == ("Never run, and not counted: three.",)
    record = RunsDirectory(tmp_path / "runs").record("tasks+data.name=two")
    record.write_text(record.read_text().replace("margin: 0.0", "margin: 0.5"))
    whole = report(tmp_path)["tasks"]
    assert whole.notices[1].endswith("so not compared with the others here: two.")
    assert "Mean ranks" not in whole.markdown


@pytest.mark.parametrize("gone", ["elu", "sigmoid"])
def test_a_part_where_an_arm_has_no_run_is_not_ranked(tmp_path: Path, gone: str) -> None:
    fill(tmp_path / "runs")
    for seed in range(8):
        RunsDirectory(tmp_path / "runs").run("tasks+data.name=two", gone, seed).result.unlink()
    whole = report(tmp_path)["tasks"]
    assert "Not ranked, as an arm has no effect there: two." in whole.markdown
    assert "rank on one | rank on three" in whole.markdown


def test_a_study_of_which_nothing_was_trained_has_a_page(tmp_path: Path) -> None:
    for part in make_parts("tasks", ARMS, 8):
        SyntheticStudy(tmp_path / "runs", part).write_record()
    whole = report(tmp_path)["tasks"]
    assert whole.answer[0].startswith("No arm is better or worse than the control, sigmoid,")
