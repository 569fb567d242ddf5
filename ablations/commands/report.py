"""``ablations report``: write the reports again from what is on disk."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablations.analysis.read.collect import read_record, recorded_studies
from ablations.commands import studies
from ablations.commands.asked import CHANGED, again, was_changed
from ablations.commands.looks import note_shown
from ablations.commands.seeds import as_declared
from ablations.errors import AblationsError
from ablations.execution.study_files import publish_answer, publish_report
from ablations.ledger.paths import RunsDirectory

if TYPE_CHECKING:
    from ablations.analysis.show.paper.files import Paper


def report(
    named: Sequence[str],
    sets: tuple[str, ...],
    runs: Path,
    out: Path,
    paper: bool = False,
    columns: str | None = None,
    width: float | None = None,
) -> None:
    """Write the report of some studies, or of all, and show it in TensorBoard.

    ``named`` holds names or paths of study files; without any, all that ``runs`` keeps.

    Raises:
        AblationsError: ``sets`` without a study whose variant is meant, options of a paper without
            ``paper``, or there is nothing to report.
    """
    overrides = studies.overrides_of(named, sets)
    from ablations.analysis.show.report import with_other_parts, write_reports

    wanted = wanted_for_paper(paper, _names(columns), width)
    recorded = [name for study in named for name in _recorded_names(study, overrides, runs)]
    for name in with_other_parts(runs, recorded or recorded_studies(runs)):
        note_shown(runs, name)
    for page in write_reports(runs, out, recorded, wanted):
        for line in (*page.notices, *page.left_out):
            print(f"{page.study}: {line}", file=sys.stderr)
        print(f"{page.study}: {' '.join(page.answer)}")
        print(f"{page.study}: {page.page}")
        for line in _if_changed(page.study, runs):
            print(line, file=sys.stderr)
        try:
            publish_report(runs, page.study, page.markdown, page.figures)
            publish_answer(runs, page.study, page.answer_markdown)
        except OSError as error:
            print(f"{page.study}: not shown in TensorBoard: {error.strerror}", file=sys.stderr)


def _names(columns: str | None) -> list[str]:
    return [name.strip() for name in (columns or "").split(",") if name.strip()]


def wanted_for_paper(
    paper: bool, columns: Sequence[str] | None, width: float | None
) -> Paper | None:
    """Return what is wanted for a paper; None where nothing is.

    Raises:
        AblationsError: ``columns`` or ``width`` without ``paper``, or no width of a column.
    """
    from ablations.analysis.show.paper.columns import DEFAULT
    from ablations.analysis.show.paper.files import LEAST_WIDTH, MOST_WIDTH, WIDTH, Paper

    if not paper and (columns or width is not None):
        raise AblationsError("columns and width are of a paper's table; wants paper, too")
    if not paper:
        return None
    width = WIDTH if width is None else width
    if not LEAST_WIDTH <= width <= MOST_WIDTH:
        raise AblationsError(f"width: wants {LEAST_WIDTH} to {MOST_WIDTH} inches, got {width:g}")
    return Paper(tuple(columns or DEFAULT), width)


def _if_changed(name: str, runs: Path) -> Iterator[str]:
    """Yield that a study asks something else now than its runs do, as far as that can be seen."""
    try:
        record = read_record(runs, name)
        now = [each for each in studies.load_kept(name, None, runs) if each.study == name]
    except AblationsError:  # the page of a whole, or a file that is gone or wrong by now
        return
    if now and was_changed(as_declared(now[0], runs), record):
        trains = again("run", name, runs)
        yield f"{name}: {CHANGED}: the report is of what was run; {trains} trains it"


def _recorded_names(study: str, overrides: Mapping[str, Any], runs: Path) -> list[str]:
    """Return the names that a study's runs are kept under, one for each part that was run.

    The file of a study that is kept may be gone.
    """
    root = RunsDirectory(runs)
    if not overrides and "/" not in study and root.record(study).is_file():
        return [study]
    names = [each.study for each in studies.load(study, overrides)]
    return [name for name in names if root.record(name).is_file()] or names[:1]
