"""From a page's content to Markdown, HTML and LaTeX; each format escapes for itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ablations.analysis.show.blocks import Table
from ablations.analysis.show.figures.style import DARK_RULES
from ablations.analysis.show.figures.svg import inline_svg
from ablations.analysis.show.overview import OverviewEntry, ordered_claims
from ablations.analysis.show.page import Page
from ablations.analysis.show.sections.claims import OUTCOME_STYLES, counted

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "µ": r"\textmu{}",
    "±": r"\textpm{}",
    "×": r"\texttimes{}",
    "−": r"\textminus{}",
    "–": "--",
    **{special: rf"\{special}" for special in "{}$&%#_"},
}


def render_markdown(page: Page) -> str:
    """Return ``report.md``."""
    return _render("report.md.j2", page=page)


def render_html(page: Page, alone: bool = False) -> str:
    """Return ``index.html``: one file that needs no other.

    A page that stands ``alone`` leads to none of the files beside it, and holds no script.
    """
    return _render("report.html.j2", page=page, alone=alone)


def render_latex(table: Table) -> str:
    """Return ``results.tex``: a booktabs table."""
    return _render("table.tex.j2", table=table)


def render_paper(file: str, **content: object) -> str:
    """Return ``numbers.tex``, ``table.tex`` or ``example.tex`` of a paper."""
    return _render(f"paper_{file}.j2", **content)


def render_overview(entries: Mapping[str, OverviewEntry], form: str) -> str:
    """Return the overview of all reports, ``form`` being ``md`` or ``html``."""
    return _render(f"overview.{form}.j2", entries=entries, to="", **_claims(entries))


def render_claims(entries: Mapping[str, OverviewEntry], to: str) -> str:
    """Return the claims of all reports as Markdown, for a file from which ``to`` leads to them."""
    return _render("claims_in_short.md.j2", to=to, **_claims(entries))


def _claims(entries: Mapping[str, OverviewEntry]) -> dict[str, object]:
    claims = ordered_claims(entries)
    return {"claims": claims, "outcomes": Counter(line.outcome for _, line in claims)}


def markdown_text(text: str) -> str:
    """Escape text so that Markdown shows it as it is, inside a line or a table's cell."""
    line = " ".join(text.split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*\[\]|~])", r"\\\1", line)
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", line)


def markdown_paragraph(text: str) -> str:
    """Escape text that starts a line: it begins no heading and no list."""
    line = re.sub(r"^([-+#=])", r"\\\1", markdown_text(text))
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", line)


def latex_text(text: str) -> str:
    """Escape text for LaTeX."""
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))


def _render(template: str, **content: object) -> str:
    return _environment().get_template(template).render(**content).strip() + "\n"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=lambda name: bool(name and name.endswith(".html.j2")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["md"] = markdown_text
    environment.filters["md_paragraph"] = markdown_paragraph
    environment.filters["tex"] = latex_text
    environment.filters["inline_svg"] = lambda svg, prefix: Markup(inline_svg(svg, prefix))
    environment.filters["counted"] = counted
    environment.globals["outcome_styles"] = OUTCOME_STYLES
    environment.globals["dark_figures"] = Markup(DARK_RULES)
    return environment
