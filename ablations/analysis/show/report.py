"""Write the reports: what ``ablations report`` calls.  Reads runs, never trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ablations.analysis.infer.inference import Inference, infer
from ablations.analysis.read.collect import collect, recorded_studies
from ablations.analysis.show.blocks import Figure
from ablations.analysis.show.curves_csv import curves_csv
from ablations.analysis.show.overview import OVERVIEW, overview_json, read_entries
from ablations.analysis.show.page import Page, build_page
from ablations.analysis.show.render import (
    render_html,
    render_latex,
    render_markdown,
    render_overview,
)
from ablations.analysis.show.runs_csv import runs_csv
from ablations.analysis.show.sections.left_out import left_out_lines
from ablations.analysis.show.sections.verdicts import verdict_table
from ablations.analysis.show.verdicts_csv import verdicts_csv
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
    try:
        reports = [
            _write_study(out / study.name, infer(study), runs_csv(study)) for study in collected
        ]
        entries = read_entries(out)
        write_atomically(out / "index.html", render_overview(entries, "html"))
        write_atomically(out / "README.md", render_overview(entries, "md"))
    except OSError as error:
        where = error.filename or out
        raise RunsDirectoryError(
            f"{where}: {error.strerror}; wants a directory that can be written"
        ) from None
    return reports


def _write_study(directory: Path, inference: Inference, results: str) -> StudyReport:
    page = build_page(inference)
    markdown = render_markdown(page)
    _write_figures(directory / "figures", page.figures)
    for name, content in _files(page, inference, markdown, results).items():
        write_atomically(directory / name, content)
    return StudyReport(
        page.study,
        directory / "index.html",
        markdown,
        page.answer,
        tuple(notice.text for notice in page.notices),
        left_out_lines(inference),
    )


def _files(page: Page, inference: Inference, markdown: str, results: str) -> dict[str, str]:
    return {
        "report.md": markdown,
        "results.csv": results,
        "verdicts.csv": verdicts_csv(inference),
        "curves.csv": curves_csv(inference),
        "results.tex": render_latex(verdict_table(inference)),
        "index.html": render_html(page),
        OVERVIEW: overview_json(page),
    }


def _write_figures(directory: Path, figures: Sequence[Figure]) -> None:
    """Write the figures, and remove those that an earlier report left."""
    directory.mkdir(parents=True, exist_ok=True)
    contents: dict[str, str | bytes] = {}
    for figure in figures:
        contents |= {f"{figure.name}.svg": figure.svg, f"{figure.name}.png": figure.png}
    for name, content in contents.items():
        write_atomically(directory / name, content)
    for path in (*directory.glob("*.svg"), *directory.glob("*.png")):
        if path.name not in contents:
            path.unlink()
