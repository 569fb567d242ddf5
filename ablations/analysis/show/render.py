"""From a page's content to Markdown, HTML and LaTeX; each format escapes for itself."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablations.analysis.show.page import Page
from ablations.analysis.show.plot_style import inline_svg

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


def markdown_text(text: str) -> str:
    """Escape text so that Markdown shows it as it is, inside a line or a table's cell."""
    line = " ".join(str(text).split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*\[\]|~])", r"\\\1", line)
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", line)


def markdown_paragraph(text: str) -> str:
    """Escape text that starts a line: it begins no heading and no list."""
    line = re.sub(r"^([-+#=])", r"\\\1", markdown_text(text))
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", line)


def latex_text(text: str) -> str:
    """Escape text for LaTeX."""
    return "".join(_LATEX.get(character, character) for character in " ".join(str(text).split()))


def render_markdown(page: Page) -> str:
    """Return ``report.md``."""
    return _render("report.md.j2", page=page)


def render_html(page: Page) -> str:
    """Return ``index.html``: one file that needs no other."""
    from markupsafe import Markup

    figures = [(drawing, Markup(inline_svg(drawing))) for drawing in page.drawings]
    return _render("report.html.j2", page=page, figures=figures)


def render_latex(page: Page) -> str:
    """Return ``results.tex``: the verdicts as a booktabs table."""
    return _render("results.tex.j2", content=page.verdicts.table)


def render_overview(entries: Any, template: str) -> str:
    """Return the overview from ``overview.html.j2`` or ``overview.md.j2``."""
    return _render(template, entries=entries)


def _render(template: str, **content: Any) -> str:
    return _environment().get_template(template).render(**content).strip() + "\n"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

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
    return environment
