"""The README says what is so: its links lead somewhere, its tables hold what there is."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from ablations.cli import main
from ablations.commands import studies

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", TEXT))
def test_a_link_leads_to_a_file(link: str) -> None:
    assert (ROOT / link).exists()


def test_the_table_of_studies_holds_every_study_with_its_question() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| (.+\?) \|$", TEXT, re.MULTILINE))
    files = sorted((ROOT / "configs").glob("*.yaml"))
    assert told == {path.stem: studies.load(str(path))[0].question for path in files}


def test_the_table_of_commands_holds_every_command_and_option() -> None:
    assert isinstance(main, click.Group)
    rows = dict(re.findall(r"^\| `ablations (\w+)\b(.*)$", TEXT, re.MULTILINE))
    assert sorted(rows) == sorted(main.commands)
    options = {option for p in main.commands["run"].params for option in p.opts}
    assert {option for option in options if option[:2] == "--"} == set(
        re.findall(r"--[a-z-]+", rows["run"])
    )


def test_the_studies_name_is_that_of_its_file() -> None:
    for path in (ROOT / "configs").glob("*.yaml"):
        study = studies.load(str(path))[0]
        assert (study.part.of if study.part else study.study) == path.stem
