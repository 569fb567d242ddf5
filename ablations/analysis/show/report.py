"""Write the reports: what ``ablations report`` calls.  Reads runs, never trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ablations.analysis.read.collect import collect, recorded_studies
from ablations.analysis.show.overview import entries
from ablations.analysis.show.page import Page, build_page
from ablations.analysis.show.render import (
    render_html,
    render_latex,
    render_markdown,
    render_overview,
)
from ablations.analysis.show.runs_csv import runs_csv
from ablations.errors import AblationsError, RunsDirectoryError
from ablations.files import write_atomically


@dataclass(frozen=True)
class StudyReport:
    """One study's report, as written."""

    study: str
    page: Path
    """``out/<study>/index.html``."""
    markdown: str
    """The text of ``report.md``."""
    answer: tuple[str, ...]
    """Sentences."""
    notices: tuple[str, ...]
    """What the reader should know before the numbers, for instance what was left out."""
    left_out: tuple[str, ...]
    """A line for each kind of result that does not count: what, which, why."""


def write_reports(runs: Path, out: Path, studies: Sequence[str]) -> list[StudyReport]:
    """Write ``out/<study>/`` for each study, and the overview of all reports in ``out``.

    No ``studies`` means every directory of ``runs`` that holds a study's record.  The same runs
    give the same bytes.

    Raises:
        AblationsError: a study was never run here, or its record cannot be read; nothing is
            written.
        RunsDirectoryError: ``out`` cannot be written.
    """
    names = list(dict.fromkeys(studies)) or recorded_studies(runs)
    if not names:
        raise AblationsError(f"{runs}: no study was run here; wants runs (ablations run STUDY)")
    collected = [collect(runs, name) for name in names]
    reports = []
    try:
        for one in collected:
            page = build_page(one)
            reports.append(_write_study(out / one.name, page, runs_csv(one)))
        overview = entries(out)
        for name, template in (("index.html", "overview.html.j2"), ("README.md", "overview.md.j2")):
            write_atomically(out / name, render_overview(overview, template))
    except OSError as error:
        where = error.filename or out
        raise RunsDirectoryError(
            f"{where}: {error.strerror}; wants a directory that can be written"
        ) from None
    return reports


def _write_study(directory: Path, page: Page, runs: str) -> StudyReport:
    markdown = render_markdown(page)
    figures: dict[str, str | bytes] = {}
    for drawing in page.drawings:
        figures |= {f"{drawing.name}.svg": drawing.svg, f"{drawing.name}.png": drawing.png}
    _write_figures(directory / "figures", figures)
    contents = {
        "report.md": markdown,
        "results.csv": runs,
        "results.tex": render_latex(page),
        "index.html": render_html(page),
    }
    for name, content in contents.items():
        write_atomically(directory / name, content)
    return StudyReport(
        page.study,
        directory / "index.html",
        markdown,
        page.answer,
        page.notices,
        page.left_out_lines,
    )


def _write_figures(directory: Path, figures: Mapping[str, str | bytes]) -> None:
    """Write the figures, and remove those that an earlier report left."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in figures.items():
        write_atomically(directory / name, content)
    for path in (*directory.glob("*.svg"), *directory.glob("*.png")):
        if path.name not in figures:
            path.unlink()
