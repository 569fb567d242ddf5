from __future__ import annotations

from pathlib import Path

import pytest

from ablations.commands import studies
from ablations.errors import AblationsError
from ablations.execution import study_files
from ablations.ledger.paths import RunsDirectory


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


def test_a_file_here_goes_by_its_name_and_configs_come_first(workplace: Path) -> None:
    here = Path("mine.yaml")
    here.write_text(Path("configs/small.yaml").read_text().replace("small", "mine"))
    assert studies.find("mine") == here
    Path("small.yaml").write_bytes(here.read_bytes())
    assert studies.find("small") == Path("configs/small.yaml")


def test_status_speaks_of_studies_that_were_run_from_files_elsewhere(
    workplace: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "mine.yaml"
    elsewhere.write_text(Path("configs/small.yaml").read_text().replace("small", "mine"))
    runs = Path("runs")
    (study,) = studies.load(str(elsewhere))
    assert [each.study for each in studies.load_all(runs)[0]] == ["small"]
    study_files.record(study, RunsDirectory(runs), outputs=10)
    assert [each.study for each in studies.load_all(runs)[0]] == ["small", "mine"]
    elsewhere.unlink()  # it is as it was recorded
    assert [each.study for each in studies.load_all(runs)[0]] == ["small", "mine"]


def test_without_any_study_status_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        AblationsError, match="configs/: no studies there or here, and none was run in runs/"
    ):
        studies.load_all(Path("runs"))
