"""What the page on writing a technique says works, in a copy of the repository that it changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.documents import ROOT, Block, blocks
from tests.support.shrunk import whole

PAGE = "docs/writing-a-technique.md"
FOLDERS = ("ablations", "tests", "configs")
RULE = "by_root_mean_square"
NAMES = "snake or root_mean_square"


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository to which every block of the page was applied."""
    place = tmp_path_factory.mktemp("changed")
    for folder in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__", "pictures")
        shutil.copytree(ROOT / folder, place / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", place)
    for block in blocks(PAGE):
        apply(block, place)
    return place


def apply(block: Block, place: Path) -> None:
    """Write a new file, or change what a file holds as a difference says."""
    if block.language == "python":
        path = place / block.file
        assert not path.exists()
        path.write_text(block.text.partition("\n")[2])
    elif block.language == "diff":
        first, *lines = block.text.splitlines()
        path = place / first.removeprefix("--- ")
        text = path.read_text()
        old = "".join(f"{line[1:]}\n" for line in lines if line[:1] in "- ")
        new = "".join(f"{line[1:]}\n" for line in lines if line[:1] in "+ ")
        assert not old or text.count(old.rstrip("\n")) == 1, f"{path}: holds this once: {old}"
        stripped = old.rstrip("\n"), new.rstrip("\n")
        path.write_text(text.replace(*stripped) if old else text + new)


def run(place: Path, *words: str) -> str:
    """Run Python in the copy; return what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(place)}
    done = subprocess.run(
        [sys.executable, *words], cwd=place, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_commands_of_the_page_are_those_that_are_run_here() -> None:
    (shown,) = (block.commands for block in blocks(PAGE) if block.language == "sh")
    assert shown == [
        f'.venv/bin/python -m pytest tests/techniques -k "{NAMES}"',
        "ablations techniques snake",
        "ablations techniques by_root_mean_square",
        "make check",
    ]


def test_a_study_can_name_both_and_the_catalogue_explains_them(changed: Path) -> None:
    (shown,) = (yaml.safe_load(block.text) for block in blocks(PAGE) if block.language == "yaml")
    (changed / "new.yaml").write_text(yaml.safe_dump(whole(shown), sort_keys=False))
    commands = (["plan", "new.yaml"], ["techniques", "snake"], ["techniques", RULE])
    calls = "\n".join(f"main({command}, standalone_mode=False)" for command in commands)
    said = run(changed, "-c", f"from ablations.cli import main\n{calls}")
    assert all(word in said for word in ("snake", RULE, "Ziyin", "Shazeer"))


@pytest.mark.slow
def test_what_the_page_adds_keeps_its_promises(changed: Path) -> None:
    selected = f"{NAMES} or formula_of_its_own or said_to_die"
    words = ("pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "tests/techniques")
    assert " passed" in run(changed, "-m", *words, "-k", selected)


@pytest.mark.slow
def test_what_the_page_adds_is_in_the_style_of_the_house(changed: Path) -> None:
    written = {block.file or block.text.split()[1] for block in blocks(PAGE) if is_code(block)}
    run(changed, "-m", "ruff", "check", *written)
    run(changed, "-m", "ruff", "format", "--check", *written)
    run(changed, "-m", "mypy")


def is_code(block: Block) -> bool:
    return block.language in ("python", "diff")
