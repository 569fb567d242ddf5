"""The tables of the pages hold what the code holds: keys, columns, metrics, numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from pydantic import BaseModel

from ablations.analysis.infer.corrections import pairs_needed
from ablations.analysis.infer.intervals import t_quantile
from ablations.analysis.infer.looks_taken import error_of_looks
from ablations.analysis.infer.settle import settle
from ablations.analysis.infer.summary import Summary
from ablations.analysis.show import curves_csv, runs_csv, verdicts_csv
from ablations.analysis.show.page import FILES
from ablations.ledger.looks import Look
from ablations.ledger.looks import _Record as LooksRecord
from ablations.ledger.records import CHECKSUM, Result, StageRecord
from ablations.study.budgets import MOST_ARMS, MOST_RUNS, MOST_SEEDS
from ablations.study.declared_metrics import DeclaredMetric
from ablations.study.layer_metrics import LAYER_METRICS
from ablations.study.metrics import EPOCH_METRICS, METRICS
from ablations.study.recipe import DataRecipe, Recipe, TelemetryRecipe
from ablations.study.schema import Claim
from ablations.study.search import Search
from ablations.study.study_file import StudyFile
from ablations.study.training_recipe import TrainingRecipe
from ablations.study.transfer import TransferRecipe
from tests.support.documents import PAGES, names_in, table

FORMATS, STUDIES, SEEDS = "docs/file-formats.md", "docs/studies.md", "docs/seeds-and-margin.md"
VERDICTS = "docs/verdicts.md"


def fields(model: type[BaseModel]) -> set[str]:
    """Return the keys of a record as they stand in a file, but for what is found, not written."""
    return {info.alias or name for name, info in model.model_fields.items() if info.repr}


@pytest.mark.parametrize(
    ("page", "heading", "keys"),
    [
        (STUDIES, "key", fields(StudyFile)),
        (STUDIES, "key of `tune`", fields(Search)),
        (STUDIES, "key of a claim", fields(Claim)),
        (STUDIES, "key of a metric", fields(DeclaredMetric)),
        (STUDIES, "section", fields(Recipe)),
        (FORMATS, "metric", set(METRICS)),
        (FORMATS, "key of a layer", set(LAYER_METRICS)),
        (FORMATS, "key of a look", fields(Look)),
    ],
)
def test_a_table_holds_every_key_once(page: str, heading: str, keys: set[str]) -> None:
    told = names_in(table(page, heading))
    assert sorted(told) == sorted(keys)


def test_the_tables_of_json_files_hold_every_key() -> None:
    lines, looks = sections("metrics.jsonl"), sections("looks.json")
    assert names_of(lines) == {"epoch", "updates", *EPOCH_METRICS, "crc32"}
    assert fields(LooksRecord) <= names_of(looks)
    result = sections("result.json")
    assert names_of(result) == fields(Result) | {CHECKSUM}
    assert fields(StageRecord) <= set(re.findall(r"`(\w+)`", result))


def test_the_tables_of_csv_files_hold_every_column() -> None:
    assert names_of(sections("verdicts.csv")) == set(verdicts_csv.COLUMNS)
    assert names_of(sections("curves.csv")) == set(curves_csv.COLUMNS)
    seconds = {f"seconds_{part}" for part in runs_csv._SECONDS}
    others = {*runs_csv._LEADING, *runs_csv._COUNTS, *seconds, "data", "fingerprint"}
    assert names_of(sections("results.csv")) == others


def test_the_table_of_a_report_holds_every_file() -> None:
    told = names_in(table(FORMATS, "file"))
    assert set(FILES) | {"index.html", "overview.json"} <= set(names_of(sections("report/")))
    assert "result.json" in told


def sections(title: str) -> str:
    """Return what stands below one heading of the page of formats, up to the next."""
    _, _, below = re.split(rf"^(#+) {re.escape(title)}$", PAGES[FORMATS], flags=re.MULTILINE)
    return re.split(r"^#+ ", below, flags=re.MULTILINE)[0]


def names_of(section: str) -> set[str]:
    """Return the names in the first columns of a section's tables."""
    cells = re.findall(r"^\| ([^|]*) \|", section, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def lacking(names: Iterable[str], text: str) -> list[str]:
    return [name for name in names if f"`{name}`" not in text]


def test_the_table_of_the_recipe_names_every_setting_of_a_section() -> None:
    rows = table(STUDIES, "section")
    for section, model in {
        "data": DataRecipe,
        "training": TrainingRecipe,
        "transfer": TransferRecipe,
        "telemetry": TelemetryRecipe,
    }.items():
        assert lacking(model.model_fields, rows[f"`{section}`"]) == []


def numbers(heading: str) -> dict[int, list[str]]:
    """Return seeds → the numbers of a row."""
    lines = PAGES[SEEDS].splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(heading))
    found = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        seeds, *values = (cell.strip() for cell in line.strip("|").split("|"))
        found[int(seeds)] = values
    assert len(found) > 3
    return found


def test_the_effects_that_seeds_find_are_those_of_the_report() -> None:
    for n, told in numbers("| seeds | 1 arm").items():
        arms = [settle(Summary(n, 0.0, 1.0), m) for m in (1, 3, 6, 17)]
        assert told == [f"{arm.detectable:.2f}" for arm in arms if arm]


def test_the_margins_that_seeds_can_show_follow_from_student() -> None:
    for n, told in numbers("| seeds | margin").items():
        both = t_quantile(0.95, n - 1), t_quantile(0.9, n - 1)
        assert told == [f"{t / n**0.5:.2f}" for t in (both[0], sum(both))]


def test_other_numbers_of_the_pages() -> None:
    text = " ".join(PAGES[SEEDS].split())
    assert pairs_needed(1) == pairs_needed(17) == 6
    assert f"{pairs_needed(7, 'holm')} for seven comparisons" in text
    assert f"error up to about {error_of_looks([10, 20]):.2f}" in text
    for share, examples in ((0.98, 360), (0.9, 10_000)):
        points = 100 * (share * (1 - share) / examples) ** 0.5
        assert f"{points:.2f} points at {share:.0%}" in text
    for n in (6, 10):
        half = t_quantile(0.975, n - 1) / n**0.5
        assert f"with {n} seeds {half:.2f} s" in text
    limits = " ".join(PAGES["README.md"].split())
    assert f"{MOST_ARMS:,} arms, {MOST_SEEDS:,} seeds and {MOST_RUNS:,} runs" in limits


def test_every_verdict_is_explained() -> None:
    told = names_in({f"`{row}`": "" for row in table(VERDICTS, "verdict")})
    assert {name for row in told for name in row.split(", ")} == {
        "better",
        "worse",
        "equivalent",
        "inconclusive",
        "none",
    }
