"""The report's pages in a real browser: they render, sort, and fit a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablations.analysis.show.report import write_reports
from tests.support.synthetic_runs import SyntheticStudy, make_factorial, make_parts, make_study

ARMS = [f"arm_{number:02}_with_a_rather_long_name" for number in range(20)]
STUDIES = {
    "four": make_study(("sigmoid", "tanh", "relu", "elu"), 8, study="four", margin=0.005),
    "twenty": make_study(ARMS, 10, study="twenty", margin=0.005),
    "factorial": make_factorial(10, margin=0.005),
    "one_seed": make_study(seeds=1, study="one_seed"),
    "no_runs": make_study(seeds=2, study="no_runs"),
    **{part.study: part for part in make_parts("whole", ("sigmoid", "tanh", "elu"), 8)},
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("reports")
    draw = np.random.default_rng(0)
    for name, study in STUDIES.items():
        made = SyntheticStudy(place / "runs", study)
        made.write_record()
        for position, arm in enumerate(study.arm_names):
            for seed in study.seeds if name != "no_runs" else ():
                value = 0.7 + 0.01 * position + float(draw.normal(0, 0.004))
                curve = (0.5 * value, 0.8 * value, value)
                diverged = name == "four" and arm == "relu" and seed < 3
                status = {"status": "diverged", "reason": "loss is nan"} if diverged else {}
                made.add(arm, seed, None if diverged else value, curve, **status)
    write_reports(place / "runs", place / "report", [])
    return place / "report"


@pytest.mark.parametrize("name", [*STUDIES, "whole", "overview"])
def test_a_page_renders_alone_and_fits_a_phone(page: Any, reports: Path, name: str) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    path = reports / "index.html" if name == "overview" else reports / name / "index.html"
    page.goto(path.as_uri())
    others = [request for request in requests if request != path.as_uri()]
    assert name == "overview" or not others
    assert all(each.endswith("/figures/at_a_glance.svg") for each in others)
    assert page.locator("h1").inner_text() in (name, "Ablation reports")
    assert page.locator(".answer").first.inner_text().endswith(".")
    wide = figures(page)
    for box, _ in wide:
        assert box["width"] > 400
        assert box["height"] > 60
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    narrow = figures(page)
    assert len(narrow) == len(wide)
    for box, scale in narrow:
        assert box["x"] + box["width"] <= 390
        assert scale > 0.95  # a letter is as large as it was drawn


def figures(page: Any) -> list[tuple[Any, float]]:
    """Box and scale (pixels a point, against 4/3) of what is shown of each figure: one drawing."""
    shown = [card.locator("svg:visible") for card in page.locator(".card").all()]
    assert all(drawing.count() == 1 for drawing in shown)
    boxes = [drawing.bounding_box() for drawing in shown]
    drawn = [float(drawing.get_attribute("viewBox").split()[2]) for drawing in shown]
    return [(box, box["width"] / points * 0.75) for box, points in zip(boxes, drawn, strict=True)]


def test_a_click_on_a_heading_sorts_the_verdicts(page: Any, reports: Path) -> None:
    page.goto((reports / "four" / "index.html").as_uri())
    table = page.locator("table.sortable").first

    def arms() -> list[str]:
        return [row.locator("td").first.inner_text() for row in table.locator("tbody tr").all()]

    assert arms() == ["sigmoid (control)", "tanh", "relu", "elu"]
    table.get_by_role("button", name="effect (points)").click()
    assert arms() == ["elu", "relu", "tanh", "sigmoid (control)"]
    table.get_by_role("button", name="effect (points)").click()
    assert arms() == ["tanh", "relu", "elu", "sigmoid (control)"]
    table.get_by_role("button", name="arm").click()
    assert arms() == ["elu", "relu", "sigmoid (control)", "tanh"]


def test_text_can_be_read_in_the_light_and_in_the_dark(page: Any, reports: Path) -> None:
    page.goto((reports / "four" / "index.html").as_uri())
    contrasts = """() => {
      const luminance = text => { const c = text.match(/[\\d.]+/g).slice(0, 3).map(v => {
        v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
        return .2126 * c[0] + .7152 * c[1] + .0722 * c[2]; };
      const page = luminance(getComputedStyle(document.body).backgroundColor);
      return [...document.querySelectorAll('p, td span, h1')].map(one => {
        const ink = luminance(getComputedStyle(one).color);
        return (Math.max(ink, page) + .05) / (Math.min(ink, page) + .05); }); }"""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert min(page.evaluate(contrasts)) > 4.5  # WCAG 2.1, level AA
