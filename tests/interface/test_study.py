"""``ablations.Study``: written and read, trained, and its tables."""

from __future__ import annotations

import csv
import html
import io
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import ablations
from ablations.analysis.show.report import write_reports
from ablations.cli import main
from ablations.errors import AblationsError, FailedRunsError, StudyError
from ablations.study.yaml_reader import read_yaml
from tests.support.workplace import STUDY

CONTENT: dict[str, Any] = read_yaml(STUDY, "small.yaml").data


class Frames(HTMLParser):
    """What lies in the frames of a piece of HTML, and all that is outside them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.sandboxes: list[str | None] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "iframe":
            found = dict(attrs)
            self.inside.append(found["srcdoc"] or "")
            self.sandboxes.append(found["sandbox"])


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text())))


def as_text(table: pd.DataFrame) -> list[dict[str, str]]:
    """Return a frame's rows as the report writes them."""
    words = {True: "true", False: "false"}

    def text(value: Any) -> str:
        if isinstance(value, (bool, np.bool_)):
            return words[bool(value)]
        if isinstance(value, float):
            return "" if np.isnan(value) else repr(int(value) if value.is_integer() else value)
        return str(value)

    return [{str(k): text(v) for k, v in row.items()} for row in table.to_dict("records")]


def normal(table: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return rows whose whole numbers have no point, whoever wrote them."""

    def number(text: str) -> str:
        return text.removesuffix(".0")

    return [{key: number(value) for key, value in row.items()} for row in table]


def test_a_study_of_dicts_is_that_of_the_file_and_its_frames_are_the_reports_tables(
    workplace: Path, tensorflow: Any
) -> None:
    written = ablations.Study(CONTENT)
    assert written.run(executor="inline") is written
    of_file = ablations.Study.load("small")
    before = {path: path.stat().st_mtime_ns for path in Path("runs").rglob("result.json")}
    assert len(before) == 4
    of_file.run(executor="inline", quiet=True)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    write_reports(Path("runs"), Path("report"), ["small"])
    for table, name in (
        (of_file.runs, "results.csv"),
        (of_file.curves, "curves.csv"),
        (of_file.verdicts, "verdicts.csv"),
    ):
        assert normal(as_text(table)) == normal(rows(Path("report/small") / name))
    assert list(written.verdicts.arm) == ["elu", "sigmoid"]
    assert (written.name, written.control, written.arms) == ("small", "elu", ("elu", "sigmoid"))
    (page,) = Frames(of_file._repr_html_()).inside
    shown = Path("report/small/index.html").read_text()
    assert "<svg" in page
    assert 'href="../' not in page
    assert page.count("<table") == shown.count("<table")
    assert "<script" not in page
    with pytest.raises(AblationsError, match=r"was changed since it was run; wants run\(\)"):
        _ = ablations.Study(CONTENT, margin=0.5).verdicts
    again = ablations.Study(CONTENT, margin=0.5).run(executor="inline")
    assert list(again.verdicts.arm) == ["elu", "sigmoid"]
    assert "run() trains what is missing" in again._repr_html_()
    assert CliRunner().invoke(main, ["check", "small"]).exit_code == 3  # two seeds settle nothing
    again.run(executor="inline", seeds=3, arms="elu")
    assert again.seeds == (0, 1, 2)
    assert list(again.runs.query("arm == 'elu'").seed) == [0, 1, 2]


def test_what_a_study_says_runs_nowhere_in_a_notebook(workplace: Path) -> None:
    hostile = "Is \"</iframe><script>alert(1)</script>\" 'better'?"
    study = ablations.Study(CONTENT, question=hostile)
    shown = Frames(study._repr_html_())
    assert set(shown.tags) == {"p"}
    assert html.escape(hostile) in study._repr_html_()
    assert "was not run yet; wants run()" in study._repr_html_()


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"controll": "elu"}, 'Study: controll: unknown key "controll"; did you mean "control"?'),
        ({"arms": {"elu": {}, "sigmoid": {"model.activation": "eluu"}}}, "arms.sigmoid.model.acti"),
        ({"seeds": 0}, "Study: seeds: wants a number of seeds ≥ 1"),
        ({"seeds": {1}}, "Study: seeds: wants plain data, got set"),
        ({"base": {3: 4}}, "Study: base: wants text for keys, got 3"),
        ({"margin": float("nan")}, "Study: margin: expected a finite number, got nan"),
        ({"question": "\x1b[31m"}, "characters that control a terminal"),
        ({"base": {"model": {"name": len}}}, 'base.model.name: wants the name of a function, "py'),
    ],
)
def test_what_is_wrong_is_said_in_a_line_by_its_path(changes: dict[str, Any], line: str) -> None:
    with pytest.raises(AblationsError) as raised:
        ablations.Study({**CONTENT, **changes})
    assert line in str(raised.value)
    assert len(str(raised.value).split("\n")) == 1


def test_numbers_of_numpy_and_tuples_are_plain_data() -> None:
    arms = {"elu": {}, "narrow": {"model.hidden": (np.int64(8),)}}
    study = ablations.Study(CONTENT, arms=arms, margin=np.float64(0.1), seeds=range(3), claims=[])
    assert study.seeds == (0, 1, 2)


def test_a_failed_run_raises_after_all_others_were_trained(
    workplace: Path, tensorflow: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("runs/small").mkdir(parents=True)
    Path("runs/small/elu").write_text("in the way")
    study = ablations.Study.load("small")
    with pytest.raises(FailedRunsError, match="1 run failed; small/elu/seed-0: NotADirectory") as e:
        study.run(executor="inline", seeds=[0], quiet=True, log="log.txt")
    assert len(e.value.failed) == 1
    printed, logged = capsys.readouterr().out, Path("log.txt").read_text()
    assert "sigmoid/seed-0" not in printed
    assert "small/sigmoid/seed-0: test accuracy" in logged
    assert "1 completed, 1 failed" in printed
    assert [len(line.split("  ", 1)[0]) for line in logged.splitlines()] == [19] * 3


def test_the_parts_of_a_study_stand_in_one_frame(workplace: Path, tensorflow: Any) -> None:
    over = {"over": {"model.hidden": {"narrow": [4], "wide": [8]}}}
    study = ablations.Study(CONTENT, **over).run(executor="inline", seeds=1)
    assert list(study.verdicts["model.hidden"]) == ["narrow", "narrow", "wide", "wide"]
    assert [part.name for part in study.parts] == [
        "small+model.hidden=narrow",
        "small+model.hidden=wide",
    ]
    assert len(Frames(study._repr_html_()).inside) == 2
    assert list(study.parts[1].runs.study) == ["small+model.hidden=wide"] * 2


def test_a_wrong_request_is_an_error_of_ours(workplace: Path) -> None:
    study = ablations.Study.load("small")
    for request, line in (
        ({"arms": "eluu"}, 'no arm is called "eluu"; did you mean "elu"?'),
        ({"executer": "inline"}, "unexpected keyword argument 'executer'"),
        ({"executor": "inlin"}, 'unknown executor "inlin"; did you mean "inline"?'),
    ):
        with pytest.raises(AblationsError, match=line.replace("?", r"\?")):
            study.run(**request)
    Path("configs/bad.yaml").write_text("study: bad\n")
    with pytest.raises(StudyError, match=r"^configs/bad.yaml:1:1: "):
        ablations.Study.load("bad")
    assert not Path("runs").exists()
