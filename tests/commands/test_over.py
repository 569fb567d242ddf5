"""A study over two sets of classes, trained and reported through the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ablations.cli import main

OVER = "over: {data.classes: {low: [0, 1, 2, 3, 4], high: [5, 6, 7, 8, 9]}}\nseeds: 2"
LOW, HIGH = "small+data.classes=low", "small+data.classes=high"


def ablations(*words: str, status: int = 0) -> str:
    found = CliRunner().invoke(main, words)
    assert found.exit_code == status, found.output
    return found.output


@pytest.fixture
def place(workplace: Path) -> Path:
    path = workplace / "configs" / "small.yaml"
    path.write_text(
        path.read_text().replace("seeds: 2", OVER).replace("validation: 200", "validation: 100")
    )
    return workplace


def test_from_the_list_to_the_page_of_the_whole(place: Path) -> None:
    listed = ablations("list").split()
    assert listed.count("small") == 1
    assert "low," in listed
    plan = ablations("plan", "small")
    assert plan.count("4 runs: 4 pending") == 2
    assert plan.index(LOW) < plan.index(HIGH)
    assert ablations("plan", HIGH).count("4 runs") == 1
    ran = ablations("run", "small", "--executor", "inline")
    assert ran.count("4 completed") == 2
    again = ablations("run", "small", "--executor", "inline")
    assert again.count("4 of 4 runs need no training") == 2
    result = json.loads((place / f"runs/{HIGH}/elu/seed-1/result.json").read_text())
    assert result["study"] == HIGH
    assert ablations("status", "small").count("elu") == 2
    assert ablations("status").count("small+data.classes=") == 2
    reported = ablations("report", "small")
    assert f"{LOW}: report/{LOW}/index.html" in reported
    assert "small: report/small/index.html" in reported
    page = (place / "report/small/report.md").read_text()
    assert "2 values of data.classes" in page
    assert "on each value of data.classes" in page
    again = f"ablations run {HIGH} --seeds 2"
    assert again in (place / f"report/{HIGH}/report.md").read_text()


def test_one_part_is_run_and_reported_by_its_name(place: Path) -> None:
    ablations("run", LOW, "--executor", "inline", "--seed", "0", "--arm", "elu")
    assert sorted(path.name for path in (place / "runs").iterdir()) == [LOW]
    reported = ablations("report", "small")
    assert "small: report/small/index.html" in reported
    assert "Never run, and not counted: high." in (place / "report/small/report.md").read_text()


@pytest.mark.parametrize("command", ["run", "plan", "status"])
def test_a_part_that_is_not_there_is_one_line(place: Path, command: str) -> None:
    said = ablations(command, "small+data.classes=hihg", status=2)
    assert said.startswith('no part "small+data.classes=hihg"; did you mean')
    assert said.count("\n") == 1
