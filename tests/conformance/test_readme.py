"""The pages say what is so: links lead somewhere, options and keys exist, tables are complete."""

from __future__ import annotations

import re
from urllib.parse import unquote

import click
import pytest

from ablations.cli import main
from ablations.commands import studies
from tests.support.documents import ALL, LANGUAGES, PAGES, ROOT, blocks, inline_code, prose

assert isinstance(main, click.Group)
COMMANDS = main.commands
LINKS = [
    (page, link)
    for page in PAGES
    for link in dict.fromkeys(re.findall(r"\]\(([^)\s]+)\)", prose(page)))
]
FOREIGN = {"--logdir", "--array", "--cpus-per-task", "--head", "--port", "--num-cpus"}
FOREIGN |= {"--node-ip-address", "--address", "--rate", "--out"}
"""Options of other programs."""


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_a_link_leads_to_a_file_and_a_heading(page: str, link: str) -> None:
    path, _, anchor = link.partition("#")
    there = ((ROOT / page).parent / unquote(path)).resolve() if path else ROOT / page
    assert there.exists()
    if anchor and there.is_relative_to(ROOT / "report"):
        assert f"\n## {anchor.capitalize()}\n" in there.read_text()
    elif anchor:
        assert anchor in anchors(there.relative_to(ROOT).as_posix())


def test_every_page_is_reached_from_the_readme_and_says_first_what_it_is_for() -> None:
    listed = set(re.findall(r"^\| \[(docs/[\w-]+\.md)\]", PAGES["README.md"], re.MULTILINE))
    assert listed == PAGES.keys() - {"README.md"}
    for page in listed:
        title, below = PAGES[page].split("\n\n")[:2]
        assert title.startswith("# ")
        assert below.startswith("What this page is for: ")


def test_every_block_says_its_language() -> None:
    found = [(page, block.language) for page in PAGES for block in blocks(page)]
    assert [each for each in found if each[1] not in LANGUAGES] == []
    indented = re.compile(r"^ {4}(ablations|make|python) ", re.MULTILINE)
    assert [page for page in PAGES if indented.search(PAGES[page])] == []


def test_the_table_of_studies_holds_every_study_with_its_question() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| (.+\?) \|$", ALL, re.MULTILINE))
    files = sorted((ROOT / "configs").glob("*.yaml"))
    assert told == {path.stem: studies.load(str(path))[0].question for path in files}


def test_the_table_of_commands_holds_every_command_and_option_of_run() -> None:
    rows = dict(re.findall(r"^\| `ablations (\w+)\b(.*)$", ALL, re.MULTILINE))
    assert sorted(rows) == sorted(COMMANDS)
    told = re.findall(r"^\| `(--[a-z-]+)", PAGES["docs/command-line.md"], re.MULTILINE)
    assert set(told) == set(re.findall(r"--[a-z-]+", rows["run"])) == options("run")


def options(command: str) -> set[str]:
    return {o for p in COMMANDS[command].params for o in p.opts if o.startswith("--")}


def test_every_option_that_a_page_names_exists() -> None:
    known = {option for command in COMMANDS for option in options(command)} | {"--help"}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", ALL))
    assert named - known - FOREIGN == set()
    assert known - named == set()


def test_a_command_in_a_sentence_exists_with_its_options() -> None:
    said = [code for page in PAGES for code in inline_code(page) if code.startswith("ablations ")]
    assert len(said) > 20
    for code in said:
        _, name, *rest = code.split()
        if name in ("COMMAND", "run`"):
            continue
        assert name in COMMANDS, code
        named = {word for word in rest if word.startswith("--")}
        assert named <= options(name) | {"--help"}, code


def test_a_target_of_make_in_a_sentence_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = {
        code.split()[1] for page in PAGES for code in inline_code(page) if code[:5] == "make "
    }
    assert {t for t in targets if not re.search(rf"^{t}:", makefile, re.MULTILINE)} == set()


def test_the_studies_name_is_that_of_its_file() -> None:
    for path in (ROOT / "configs").glob("*.yaml"):
        study = studies.load(str(path))[0]
        assert (study.part.of if study.part else study.study) == path.stem


def test_the_pictures_are_small() -> None:
    pictures = sorted((ROOT / "docs" / "pictures").glob("*"))
    assert [path.name for path in pictures] == ["report.png", "tab.png"]
    assert all(path.stat().st_size < 200_000 for path in pictures)


def test_no_page_names_a_place_of_one_machine() -> None:
    for page, text in PAGES.items():
        assert not re.search(r"/(home|root|work|tmp|Users)/", text), page
        assert not re.search(r"https?://", text), page
