from __future__ import annotations

from pathlib import Path

from ablations.commands import studies


def test_a_file_below_the_working_directory_is_named_from_there(workplace: Path) -> None:
    named = Path("configs/small.yaml")
    assert studies.find("small") == named
    assert studies.find(str(workplace / named)) == named
    assert studies.load("small")[0].file == "configs/small.yaml"


def test_a_file_elsewhere_keeps_the_path_that_it_was_given_by(
    workplace: Path, tmp_path_factory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "mine.yaml"
    elsewhere.write_bytes(Path("configs/small.yaml").read_bytes())
    assert studies.load(str(elsewhere))[0].file == str(elsewhere)
