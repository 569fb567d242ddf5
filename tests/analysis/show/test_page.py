from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ablations.analysis.infer.inference import Inference, infer
from ablations.analysis.read.collect import collect
from ablations.analysis.show import page as pages
from ablations.analysis.show.blocks import Commands, Paragraph, Section, text_table
from ablations.analysis.show.render import TEMPLATES, render_html, render_markdown
from tests.support.pages import Text


@pytest.fixture
def inference(synthetic: Any) -> Inference:
    made = synthetic(("sigmoid", "elu"), 2, overrides={"training.epochs": 3}, target=0.7)
    made.add("elu", 0)
    return infer(collect(made.runs, "activations"))


def test_the_sections_stand_in_the_order_of_the_list(inference: Inference) -> None:
    titles = [section.title for section in pages.build_page(inference).sections]
    assert titles == [
        "Verdicts",
        "Figures",
        "Time to a target",
        "Other metrics",
        "What each arm changes",
        "Left out",
        "Overrides",
        "Environment",
        "Run it again",
    ]


def test_a_section_is_added_by_the_list_alone(
    inference: Inference, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = (
        Paragraph("1. no list"),
        text_table(("heading",), [("cell",)]),
        Commands(("ablations new",)),
    )
    added = [lambda _: None, lambda one: Section(f"News of {one.study}", blocks)]
    monkeypatch.setattr(pages, "SECTIONS", added)
    page = pages.build_page(inference)
    assert render_markdown(page).partition("## ")[2] == (
        "News of activations\n\n1\\. no list\n\n| heading |\n| --- |\n| cell |\n\n"
        "```sh\nablations new\n```\n\nOne line per run: [results.csv](results.csv). "
        "One line per arm: [verdicts.csv](verdicts.csv). "
        "One line per epoch: [curves.csv](curves.csv). "
        "The verdicts for LaTeX: [results.tex](results.tex).\n"
    )
    html = Text(render_html(page))
    words = ["News of activations", "1. no list", "heading", "cell", "ablations new"]
    assert [word for word in words if word not in html.text] == []
    assert {"id": "news-of-activations"} in [attributes for _, attributes in html.tags]


def test_no_template_names_a_section(inference: Inference) -> None:
    titles = {section.title for section in pages.build_page(inference).sections}
    named = [
        (path.name, title)
        for path in sorted(TEMPLATES.iterdir())
        for title in titles
        if title in path.read_text()
    ]
    assert named == []


def test_every_file_of_a_section_is_in_the_list() -> None:
    files = {path.stem for path in (Path(pages.__file__).parent / "sections").glob("[a-z]*.py")}
    assert {section.__name__ for section in pages.SECTIONS} == files


def test_a_notice_links_to_the_section_that_says_more(inference: Inference) -> None:
    page = pages.build_page(inference)
    anchors = {section.anchor for section in page.sections}
    links = [notice.anchor for notice in page.notices if notice.section]
    assert links == ["left-out"]
    assert set(links) <= anchors
    assert "See [Left out](#left-out)." in render_markdown(page)
