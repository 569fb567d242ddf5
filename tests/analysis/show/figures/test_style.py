import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest

from ablations.analysis.infer.inference import infer
from ablations.analysis.read.collect import collect
from ablations.analysis.show.blocks import Figure
from ablations.analysis.show.figures.style import DARK_RULES, DOTS_PER_INCH, wrapped
from ablations.analysis.show.sections.figures import figures

RULE = re.compile(r'\[style\*="(fill|stroke): (#[0-9a-f]{6})"\] { \1: (#[0-9a-f]{6}) !important }')


def test_long_names_break_at_words() -> None:
    assert wrapped("elu", 10) == "elu"
    assert wrapped("batch_norm_before_activation", 12) == "batch_norm_\nbefore_\nactivation"
    assert wrapped("a" * 100, 12, 2) == "a" * 12 + "\n" + "a" * 12 + "…"


@pytest.fixture(params=[4, 9], ids=["one panel", "small multiples"])
def drawn(request: pytest.FixtureRequest, synthetic: Any) -> tuple[Figure, ...]:
    """Every figure of a study that shows all verdicts, a diverged run and a cut axis."""
    made = synthetic([f"arm-{number}" for number in range(request.param)], 8, margin=0.005)
    for position, arm in enumerate(made.study.arm_names):
        for seed in range(8):
            noise = 0.0001 * (-1) ** (seed + position)
            effect = {0: 0.0, 1: 0.05, 2: 0.0, 3: -0.4}.get(position, 60 * noise)
            made.add(arm, seed, accuracy=0.5 + 0.001 * seed + noise + effect)
    made.add("arm-3", 0, accuracy=None, status="diverged")
    section = figures(infer(collect(made.runs, "activations")))
    assert section is not None
    return tuple(block for block in section.blocks if isinstance(block, Figure))


def colours(svg: str) -> Iterator[tuple[str, str]]:
    for element in ElementTree.fromstring(svg).iter():
        yield from re.findall(r"(fill|stroke): (#[0-9a-f]+)", element.get("style", ""))


def test_every_colour_has_a_counterpart_in_the_dark(drawn: tuple[Figure, ...]) -> None:
    rules = {(part, light): dark for part, light, dark in RULE.findall(DARK_RULES)}
    inherited, *styled = DARK_RULES.splitlines()
    assert inherited == "svg { fill: #ffffff }"  # what is black by default turns white
    assert len(rules) == len(styled)
    for figure in drawn:
        for svg in (figure.svg, figure.narrow_svg):
            used = set(colours(svg))
            assert len(used) > 5
            assert used <= rules.keys()
            assert f"@media (prefers-color-scheme: dark) {{\n{DARK_RULES}\n}}" in svg


def test_dark_colours_are_as_far_from_the_paper_as_the_light_ones() -> None:
    rules = {light: dark for _, light, dark in RULE.findall(DARK_RULES)}
    for light in ("#1d2126", "#59616b", "#005a8e", "#9a3b00", "#006b4e"):  # of text
        assert contrast(light, "#ffffff") >= 4.5
        assert contrast(rules[light], rules["#ffffff"]) >= 4.5
    for light in ("#0072b2", "#d55e00", "#009e73", "#777777"):  # of lines and markers
        assert contrast(light, "#ffffff") >= 3
        assert contrast(rules[light], rules["#ffffff"]) >= 3


def contrast(one: str, other: str) -> float:
    """Return WCAG 2's ratio of contrast."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_narrow_drawing_fits_a_phone(drawn: tuple[Figure, ...]) -> None:
    for figure in drawn:
        widths = [
            float(ElementTree.fromstring(svg).get("width", "").removesuffix("pt"))
            for svg in (figure.svg, figure.narrow_svg)
        ]
        assert widths[1] <= 272 < widths[0] <= 720  # points; a pixel is 0.75 of them
        pixels = [int.from_bytes(png[16:20], "big") for png in (figure.png, figure.narrow_png)]
        assert pixels == pytest.approx([DOTS_PER_INCH * width / 72 for width in widths], abs=1)
