"""Write the reports: what ``ablations report`` calls.  Reads runs, never trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ablations.analysis.infer.inference import Inference, infer
from ablations.analysis.infer.whole import Whole, wholes
from ablations.analysis.read.collect import collect, read_record, recorded_studies
from ablations.analysis.show.blocks import Figure
from ablations.analysis.show.curves_csv import curves_csv
from ablations.analysis.show.figures.glance import glance, glance_at_whole
from ablations.analysis.show.overview import GLANCE, OVERVIEW, overview_json, read_entries
from ablations.analysis.show.page import Page, build_answer_page, build_page
from ablations.analysis.show.paper.files import (
    Paper,
    PaperFiles,
    check_columns,
    paper_files,
    whole_paper_files,
)
from ablations.analysis.show.render import (
    render_html,
    render_latex,
    render_markdown,
    render_overview,
)
from ablations.analysis.show.runs_csv import runs_csv
from ablations.analysis.show.sections.left_out import left_out_lines
from ablations.analysis.show.sections.verdicts import verdict_table
from ablations.analysis.show.verdicts_csv import verdicts_csv, whole_verdicts_csv
from ablations.analysis.show.whole import build_whole_page, verdict_matrix
from ablations.errors import AblationsError, RunsDirectoryError
from ablations.files import write_atomically

PAPER, FIGURES = "paper", "figures"
FIGURE_KINDS = (".svg", ".png", ".pdf")


@dataclass(frozen=True)
class StudyReport:
    """One study's report, as written."""

    study: str
    page: Path
    """``out/<study>/index.html``."""
    markdown: str
    """The text of ``report.md``."""
    answer_markdown: str
    """The answer, the verdicts and the findings alone, as Markdown."""
    figures: Mapping[str, bytes]
    """Name → PNG as narrow as a card of TensorBoard, in the order of the page."""
    answer: tuple[str, ...]
    """Sentences."""
    notices: tuple[str, ...]
    """What the reader should know before the numbers, for instance what was left out."""
    left_out: tuple[str, ...]
    """A line for each kind of result that does not count: what, which, why."""


def write_reports(
    runs: Path, out: Path, studies: Sequence[str], paper: Paper | None = None
) -> list[StudyReport]:
    """Write ``out/<study>/`` for each study, and the overview of all reports in ``out``.

    With ``paper``, ``out/<study>/paper/`` holds what goes into a paper.

    No ``studies`` means every directory of ``runs`` that holds a study's record.  A part of a study
    is written with all others, and the page of the whole after them.  The same runs give the same
    bytes.

    Raises:
        AblationsError: a study was never run here, its record cannot be read, or it lacks a column
            that ``paper`` wants; nothing is written.
        RunsDirectoryError: ``out`` cannot be written.
    """
    names = list(dict.fromkeys(studies)) or recorded_studies(runs)
    if not names:
        raise AblationsError(f"{runs}: no study was run here; wants runs (ablations run STUDY)")
    collected = [collect(runs, name) for name in with_other_parts(runs, names)]
    inferences = [infer(study) for study in collected]
    if paper:
        check_columns(inferences, paper)
    try:
        reports = [
            _write_study(out / study.name, inference, runs_csv(study), paper)
            for study, inference in zip(collected, inferences, strict=True)
        ]
        reports += [_write_whole(out / whole.study, whole, paper) for whole in wholes(inferences)]
        _write_overview(out)
    except OSError as error:
        where = error.filename or out
        raise RunsDirectoryError(
            f"{where}: {error.strerror}; wants a directory that can be written"
        ) from None
    return reports


def _write_overview(out: Path) -> None:
    """Write the overview of all reports in ``out``.

    It is written again if another process added a report meanwhile, so the last one lists all.
    """
    written, entries = None, read_entries(out)
    while entries != written:
        write_atomically(out / "index.html", render_overview(entries, "html"))
        write_atomically(out / "README.md", render_overview(entries, "md"))
        written, entries = entries, read_entries(out)


def answer_markdown(inference: Inference) -> str:
    """Return a study's answer, its verdicts and findings as Markdown; nothing is written."""
    return render_markdown(build_answer_page(inference))


def with_other_parts(runs: Path, names: Sequence[str]) -> list[str]:
    """Return the names, and for each part of a study those of its other parts that were run."""
    recorded, found = recorded_studies(runs), list(names)
    for name in names:
        part = read_record(runs, name).part if "+" in name else None
        found += [other for other in (part.names() if part else ()) if other in recorded]
    return list(dict.fromkeys(found))


def _write_study(
    directory: Path, inference: Inference, results: str, paper: Paper | None
) -> StudyReport:
    own = {
        "results.csv": results,
        "verdicts.csv": verdicts_csv(inference),
        "curves.csv": curves_csv(inference),
        "results.tex": render_latex(verdict_table(inference)),
        **_at_a_glance(glance(inference)),
    }
    page = build_page(inference)
    of_paper = paper_files(inference, page.figures, paper) if paper else None
    answer = build_answer_page(inference)
    return _write(directory, page, answer, own, of_paper, left_out_lines(inference))


def _write_whole(directory: Path, whole: Whole, paper: Paper | None) -> StudyReport:
    own = {
        "verdicts.csv": whole_verdicts_csv(whole),
        "results.tex": render_latex(verdict_matrix(whole)),
        **_at_a_glance(glance_at_whole(whole)),
    }
    page = build_whole_page(whole)
    of_paper = whole_paper_files(whole, page.figures, paper) if paper else None
    return _write(directory, page, page.answer_alone(), own, of_paper)


def _write(
    directory: Path,
    page: Page,
    answer: Page,
    own: Mapping[str, str],
    paper: PaperFiles | None,
    left_out: tuple[str, ...] = (),
) -> StudyReport:
    """Write a page and its ``own`` files beside it, and those of a paper in a folder of theirs.

    ``answer`` is what stands alone of the page.
    """
    markdown, html = render_markdown(page), render_html(page)
    overview = overview_json(page, GLANCE if GLANCE in own else "")
    common = {"report.md": markdown, "index.html": html, OVERVIEW: overview}
    _write_files(directory, {**_figure_files(page.figures), **own, **common})
    notices = [notice.text for notice in page.notices]
    if paper:
        _write_files(directory / PAPER, paper.contents)
        notices += paper.notices
    elif (directory / PAPER).is_dir():
        notices.append(f"{directory / PAPER} is of an earlier report; --paper writes it again")
    return StudyReport(
        page.study,
        directory / "index.html",
        markdown,
        render_markdown(answer),
        {figure.name: figure.narrow_png for figure in page.figures},
        page.answer,
        tuple(notices),
        left_out,
    )


def _at_a_glance(svg: str) -> dict[str, str]:
    return {GLANCE: svg} if svg else {}


def _figure_files(figures: Sequence[Figure]) -> dict[str, str | bytes]:
    contents: dict[str, str | bytes] = {}
    for figure in figures:
        name = f"{FIGURES}/{figure.name}"
        contents |= {f"{name}.svg": figure.svg, f"{name}.png": figure.png}
    return contents


def _write_files(directory: Path, contents: Mapping[str, str | bytes]) -> None:
    """Write files, and remove the figures that an earlier report left."""
    (directory / FIGURES).mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        write_atomically(directory / name, content)
    for path in (directory / FIGURES).iterdir():
        if path.suffix in FIGURE_KINDS and f"{FIGURES}/{path.name}" not in contents:
            path.unlink()
