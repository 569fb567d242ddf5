from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ablations.analysis.show.overview import OVERVIEW
from ablations.analysis.show.report import write_reports
from tests.support.pages import Text


@pytest.fixture
def out(synthetic: Any, tmp_path: Path) -> Path:
    """Reports of two studies, the runs of the first of which are gone."""
    for name in ("first", "second"):
        made = synthetic(study=name, question=f"Is {name} & best?")
        made.add("elu", 1, status="failed", reason="killed")
    write_reports(made.runs, tmp_path / "report", [])
    shutil.rmtree(made.runs / "first")
    return tmp_path / "report"


def write_again(out: Path) -> None:
    (written,) = write_reports(out.parent / "runs", out, [])
    assert written.study == "second"


def test_a_report_whose_runs_are_elsewhere_keeps_its_line(out: Path) -> None:
    before = {name: (out / name).read_text() for name in ("index.html", "README.md")}
    write_again(out)
    assert before == {name: (out / name).read_text() for name in before}
    page = Text((out / "index.html").read_text())
    assert [a["href"] for tag, a in page.tags if tag == "a"] == [
        "first/index.html",
        "second/index.html",
    ]
    for text in (page.text, (out / "README.md").read_text().replace("&amp;", "&")):
        for words in ("Is first & best?", "No run of this study", "Untuned", "1 run failed"):
            assert words in text
    assert "[first](first/report.md)" in (out / "README.md").read_text()


def test_the_json_says_what_the_page_says(out: Path) -> None:
    content = json.loads((out / "first" / OVERVIEW).read_text())
    said = {"question", "answer", "fairness", "runs", "notices"}
    assert set(content) == {*said, "part_of", "figure", "claims"}
    page = Text((out / "first" / "index.html").read_text()).text
    for key in ("question", "answer", "fairness", "runs"):
        assert content[key] in page
    assert content["notices"]
    assert all(notice in page for notice in content["notices"])


def test_a_report_without_its_json_is_listed_by_its_name(out: Path) -> None:
    path = out / "first" / OVERVIEW
    for content in ("", "{", "[]", '{"question": 3}', '{"notices": "x"}', None):
        path.unlink() if content is None else path.write_text(content)
        write_again(out)
        page = Text((out / "index.html").read_text())
        assert {"href": "first/index.html"} in [attributes for _, attributes in page.tags], content
        assert "Is first" not in page.text, content
        assert "Is second & best?" in page.text, content
        markdown = (out / "README.md").read_text()
        assert "## [first](first/report.md)\n\n## [second]" in markdown, content


def test_a_folder_of_any_name_gets_a_link_that_leads_to_it(out: Path) -> None:
    (out / "first").rename(out / "a+b=<i> (c)")
    (out / ".hidden").mkdir()
    (out / ".hidden" / "index.html").touch()
    (out / "no_report").mkdir()
    write_again(out)
    page = Text((out / "index.html").read_text())
    assert [a["href"] for tag, a in page.tags if tag == "a"] == [
        "a%2Bb%3D%3Ci%3E%20%28c%29/index.html",
        "second/index.html",
    ]
    assert "a+b=<i> (c)" in page.text
    assert "](a%2Bb%3D%3Ci%3E%20%28c%29/report.md)" in (out / "README.md").read_text()


CLAIMS = [
    {"better": "elu", "than": "sigmoid", "on": "test_accuracy", "source": "notes 000"},
    {
        "better": "sigmoid",
        "than": "elu",
        "on": "test_accuracy",
        "source": "nobody",
        "text": "old is | gold",
        "remark": "the setting: <ten> layers",
    },
]


def test_claims_stand_in_one_table_the_contradicted_first_and_each_study_has_its_figure(
    synthetic: Any, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        made = synthetic(study=name, seeds=6, claims=CLAIMS)
        for seed in range(6):
            made.add("sigmoid", seed, accuracy=0.5 + seed / 1000)
            made.add("elu", seed, accuracy=0.6 + (seed + seed % 2) / 1000)
    write_reports(made.runs, tmp_path, [])

    markdown = (tmp_path / "README.md").read_text()
    assert "2 studies, [4 claims](#claims): 2 reproduced and 2 contradicted" in markdown
    rows = [line for line in markdown.splitlines() if "](second/report.md#claims)" in line]
    assert [row.split(" | ")[0] for row in rows] == ["| old is \\| gold", "| elu beats sigmoid"]
    assert "contradicted" in rows[0]
    assert "−10.050 (" in rows[0]  # of 100 to 101 thousandths, by turns
    assert "+10.050 (" in rows[1]
    assert "the setting: &lt;ten&gt; layers" in markdown
    assert "![first: each arm's effect and verdict](first/figures/at_a_glance.svg)" in markdown

    page = Text((tmp_path / "index.html").read_text())
    sources = [attributes["src"] for tag, attributes in page.tags if tag == "img"]
    assert sources == [f"{name}/figures/at_a_glance.svg" for name in ("first", "second")]
    assert all((tmp_path / source).is_file() for source in sources)
    assert page.text.index("old is | gold") < page.text.index("elu beats sigmoid")
    assert "the setting: <ten> layers" in page.text
    study_page = Text((tmp_path / "first" / "index.html").read_text())
    assert "old is | gold, on test accuracy: the setting: <ten> layers" in study_page.text
