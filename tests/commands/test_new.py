"""``ablations new``: what it writes runs as it stands."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

import ablations
from ablations.cli import main
from ablations.commands import studies

KINDS = {
    "plain": [],
    "model": ["--model", "python"],
    "trainer": ["--trainer", "python"],
    "command": ["--command"],
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_a_study_that_its_name_finds(kind: str, here: Path) -> None:
    name = f"mine_{kind}s"
    done = call("new", name, *KINDS[kind])
    assert done.exit_code == 0, done.output
    (study,) = studies.load(name)
    assert (study.study, len(study.arms), len(study.seeds)) == (name, 3, 6)
    files = sorted(path.name for path in here.iterdir())
    assert files == [f"{name}.yaml", *([] if kind == "plain" else [f"{name}_{kind}.py"])]
    assert all(file in done.output for file in files)
    assert f"ablations run {name}" in done.output
    before = {path: path.read_bytes() for path in here.iterdir()}
    again = call("new", name, *KINDS[kind])
    assert (again.exit_code, "is there already" in again.stderr) == (2, True)
    assert {path: path.read_bytes() for path in here.iterdir()} == before


def test_the_study_goes_into_configs_where_that_is(here: Path) -> None:
    (here / "configs").mkdir()
    assert call("new", "mine", "--model", "python").exit_code == 0
    assert (here / "configs" / "mine.yaml").is_file()
    assert (here / "mine_model.py").is_file()


def test_what_is_in_the_way_of_one_file_keeps_the_other_from_being_written(here: Path) -> None:
    (here / "mine_trainer.py").write_text("")
    assert call("new", "mine", "--trainer", "python").exit_code == 2
    assert not (here / "mine.yaml").exists()


@pytest.mark.parametrize("name", ["", "1st", "a/b", "../x", "a-b", "class", "keras", "x" * 80])
def test_a_name_that_cannot_be_is_a_line(name: str, here: Path) -> None:
    done = call("new", name)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert list(here.iterdir()) == []
    done = call("new", "mine", "--command", "--model", "python")
    assert (done.exit_code, "at most" in done.stderr) == (2, True)


def test_the_model_maps_any_inputs_to_logits(here: Path, tensorflow: Any) -> None:
    call("new", "modelled", *KINDS["model"])
    model = importlib.import_module("modelled_model").build((4, 3), 7, units=5, dropout=0.5)
    assert (model.input_shape, model.output_shape) == ((None, 4, 3), (None, 7))


def test_the_trainer_and_the_program_learn_the_same_by_different_ways(here: Path) -> None:
    call("new", "trained", *KINDS["trainer"])
    call("new", "commanded", *KINDS["command"])
    losses: list[float] = []
    run = SimpleNamespace(
        settings={"rate": 0.1, "epochs": 4, "batch_size": 32},
        seed=3,
        log=lambda step, **scalars: losses.append(scalars["loss"]),
    )
    metrics = importlib.import_module("trained_trainer").train(run)
    words = ["--rate", "0.1", "--epochs", "4", "--seed", "3", "--out", "."]
    subprocess.run([sys.executable, "commanded_command.py", *words], check=True)
    assert json.loads((here / "final.json").read_text()) == metrics
    lines = (here / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["loss"] for line in lines] == losses
    assert losses == sorted(losses, reverse=True)
    assert metrics["accuracy"] > 0.85


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_it_runs_as_it_stands_and_ends_with_verdicts(kind: str, here: Path) -> None:
    command = [sys.executable, "-m", "ablations"]
    subprocess.run([*command, "new", "mine", *KINDS[kind]], check=True)
    done = subprocess.run([*command, "run", "mine.yaml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = ablations.Study.load("mine").verdicts
    assert set(verdicts.verdict) <= {"control", "better", "worse", "equivalent", "inconclusive"}
    assert list(verdicts.n[1:]) == [6, 6]
