"""The committed reports: one for each study here, small, and as README and overview say."""

from __future__ import annotations

import csv

import pytest

from ablations.analysis.show.overview import read_entries
from ablations.analysis.show.render import render_overview
from ablations.commands import studies
from ablations.ledger.fingerprint import fingerprint
from tests.support.readme_claims import BEGIN, END, ROOT, claims_block

REPORTS = ROOT / "report"
NAMES = [path.stem for path in sorted((ROOT / "configs").glob("*.yaml"))]
DEMO = "quick"
"""The study that ``make demo`` reports anew, on machines that compute other digits too."""


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_of_the_study_as_it_stands(name: str) -> None:
    parts = studies.load(str(ROOT / "configs" / f"{name}.yaml"))
    entry = read_entries(REPORTS)[name]
    assert entry.question == " ".join(parts[0].question.split())
    claims = [claim for part in parts for claim in part.claims]
    assert [(line.source, line.remark) for line in entry.claims] == [
        (claim.source, " ".join(claim.remark.split())) for claim in claims
    ]
    text = (REPORTS / name / "report.md").read_text()
    assert all(arm in text for arm in parts[0].arm_names)


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_of_the_seeds_and_recipes_that_the_study_declares(name: str) -> None:
    """What a search chooses is known once it was run, so of tuned arms the seeds alone."""
    for study in studies.load(str(ROOT / "configs" / f"{name}.yaml")):
        with (REPORTS / study.study / "results.csv").open(newline="") as table:
            rows = list(csv.DictReader(table))
        runs = {(row["arm"], int(row["seed"])) for row in rows}
        assert runs == {(arm, seed) for arm in study.arm_names for seed in study.seeds}
        if study.tune is None:
            for row in rows:
                recipe, data = study.arm(row["arm"]).recipe, row["data"]
                assert row["fingerprint"] == fingerprint(recipe, int(row["seed"]), data)


def test_the_overview_is_that_of_the_reports() -> None:
    entries = read_entries(REPORTS)
    assert (REPORTS / "index.html").read_text() == render_overview(entries, "html")
    assert (REPORTS / "README.md").read_text() == render_overview(entries, "md")


def test_the_readme_holds_the_claims_of_the_reports() -> None:
    readme = (ROOT / "README.md").read_text()
    block = readme[readme.index(BEGIN) : readme.index(END)]
    told, wanted = (
        [line for line in text.splitlines() if "](report/" in line and f"[{DEMO}]" not in line]
        for text in (block, claims_block())
    )
    assert told == wanted, "python -m tests.support.readme_claims renews them"
    assert len(told) > 100


def test_the_reports_are_small_and_hold_no_runs() -> None:
    kept = [path for path in REPORTS.rglob("*") if path.is_file()]
    kept = [path for path in kept if path.suffix != ".png" and path.name != "curves.csv"]
    assert sum(path.stat().st_size for path in kept) < 12_000_000
    kinds = {".md", ".html", ".csv", ".json", ".tex", ".svg", ".pdf"}
    assert {path.suffix for path in kept if path.name != ".gitkeep"} <= kinds
