"""``ablations report``: write the reports again from what is on disk."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ablations.commands import studies
from ablations.execution.study_files import publish_report
from ablations.ledger.paths import RunsDirectory


def report(named: Sequence[str], runs: Path, out: Path) -> None:
    """Write the report of some studies, or of all, and show it in TensorBoard."""
    from ablations.analysis.show.report import write_reports

    for page in write_reports(runs, out, report_names(named, runs)):
        for line in (*page.notices, *page.left_out):
            print(f"{page.study}: {line}", file=sys.stderr)
        print(f"{page.study}: {' '.join(page.answer)}")
        print(f"{page.study}: {page.page}")
        try:
            publish_report(runs, page.study, page.markdown)
        except OSError as error:
            print(f"{page.study}: not shown in TensorBoard: {error.strerror}", file=sys.stderr)


def report_names(named: Sequence[str], runs: Path) -> list[str]:
    """Return the names of studies given by name or by path, as their runs are kept under."""
    directory = RunsDirectory(runs)
    kept = {study: directory.record(study).is_file() for study in named if "/" not in study}
    return [study if kept.get(study) else studies.load(study).study for study in named]
