"""Two versions of one's code as two arms: ``code`` says where an arm's functions are found."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ablations.commands import studies
from ablations.errors import AblationsError, StudyError
from ablations.execution import facts
from ablations.execution.apart import SeparateProcess
from ablations.execution.options import Options
from ablations.execution.session import prepare
from ablations.ledger.fingerprint import fingerprint
from ablations.study.schema import Study
from ablations.user_code import UserFunction, code_from

MODEL = """\
import os
import keras
from mine import helper

def build(input_shape, classes):
    assert helper.VERSION == {version}, helper.VERSION
    inputs = keras.Input(input_shape)
    flat = keras.layers.Flatten()(inputs)
    return keras.Model(inputs, keras.layers.Dense(classes)(keras.layers.Dense({units})(flat)))
"""
STUDY = """\
study: versions
question: Is the new version better?
base:
  data: {name: digits, validation: 200, train_examples: 320}
  model: {name: "python:mine.net.build"}
  training: {batch_size: 32, epochs: 1, optimizer: sgd}
control: new
arms:
  new: {}
  old: {code: old}
seeds: 2
"""


def write(directory: Path, version: int, units: int) -> None:
    package = directory / "mine"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("")
    (package / "helper.py").write_text(f"VERSION = {version}\n")
    (package / "net.py").write_text(MODEL.format(version=version, units=units))


@pytest.fixture
def versions(workplace: Path) -> Path:
    """A working directory with a package, and an older version of it in ``old/``."""
    write(workplace, 2, 8)
    write(workplace / "old", 1, 5)
    (workplace / "configs" / "versions.yaml").write_text(STUDY)
    return workplace


def load() -> Study:
    (study,) = studies.load("versions")
    return study


def prints(study: Study) -> dict[str, str]:
    return {arm.name: fingerprint(arm.recipe, 0, "") for arm in study.arms}


def test_the_fingerprint_holds_the_code_and_not_where_it_lies(versions: Path) -> None:
    before = prints(load())
    assert before["old"] != before["new"]
    os.rename("old", "older")
    study = Path("configs/versions.yaml")
    study.write_text(study.read_text().replace("code: old", "code: older"))
    assert prints(load()) == before
    (versions / "older" / "beside.py").write_text("X = 1\n")
    now = prints(load())
    assert (now["new"] == before["new"], now["old"] == before["old"]) == (True, False)
    environment = versions / "older" / "environment"
    environment.mkdir()
    (environment / "pyvenv.cfg").write_text("")
    (environment / "library.py").write_text("Y = 1\n")
    assert prints(load()) == now


@pytest.mark.slow
def test_two_versions_are_called_in_processes_of_their_own(versions: Path, tensorflow: Any) -> None:
    study = load()
    known = facts.check(study, study.arms, [0], None)
    assert known.parameters == {"new": 65 * 8 + 9 * 10, "old": 65 * 5 + 6 * 10}
    function = UserFunction.named("python:mine.net.build")
    with SeparateProcess() as process:
        places = []
        for directory in (None, "old", None):
            with code_from(directory):
                places += process.call(where, [(str(function),)])
    assert places == [str(versions / "mine"), str(versions / "old" / "mine"), *places[:1]]


def where(name: str) -> str:
    UserFunction.named(name).load()
    import sys

    return os.path.dirname(str(sys.modules["mine"].__file__))


@pytest.mark.slow
def test_a_worker_never_holds_two_versions(versions: Path) -> None:
    prepared = prepare(load(), Options(workers=1))
    outcomes = list(prepared.comparison().execute())
    assert [o.result.status for o in outcomes if o.result] == ["completed"] * 4, outcomes
    counts = {(o.job.arm, o.result.parameters) for o in outcomes if o.result}
    assert counts == {("new", 610), ("old", 385)}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"code: old": "code: odl"}, "arms.old.code: odl: no such directory"),
        ({"code: old": "code: configs"}, "no module mine.net in configs"),
    ],
)
def test_a_directory_without_the_code_is_a_line(
    versions: Path, changes: dict[str, str], line: str
) -> None:
    study = Path("configs/versions.yaml")
    for old, new in changes.items():
        study.write_text(study.read_text().replace(old, new))
    with pytest.raises(StudyError) as raised:
        load()
    assert line in str(raised.value)


def test_two_versions_may_be_equal(versions: Path) -> None:
    study = Path("configs/versions.yaml")
    text = study.read_text().replace("code: old", "code: .")
    study.write_text(text.replace("new: {}", "new: {code: ./}"))
    before = prints(load())
    assert before["old"] == before["new"]


def test_code_from_elsewhere_wants_processes(versions: Path) -> None:
    with pytest.raises(AblationsError, match="wants --executor processes"):
        prepare(load(), Options(executor="inline"))


FUNCTION = "def train(run):\n    return {{'error': {error} + run.settings['extra']}}\n"
PROGRAM = """\
import json, sys
json.dump({{"error": {error} + float(sys.argv[1])}}, open(sys.argv[2] + "/final.json", "w"))
"""
OWN_STUDY = """\
study: versions
question: Is the new version better?
trainer: {trainer}
base: {{settings: {{extra: 0.5}}}}
control: new
arms: {{new: {{}}, old: {{code: old}}}}
seeds: 2
metrics: {{error: {{better: lower}}}}
metric: error
"""


@pytest.mark.parametrize(
    "trainer",
    ["python:own.train", '{command: [python, own.py, "{extra}", "{directory}", "{seed}"]}'],
    ids=["function", "command"],
)
def test_two_versions_of_ones_own_trainer(workplace: Path, trainer: str) -> None:
    source = PROGRAM if "command" in trainer else FUNCTION
    (workplace / "old").mkdir()
    (workplace / "own.py").write_text(source.format(error=1))
    (workplace / "old" / "own.py").write_text(source.format(error=2))
    (workplace / "configs" / "versions.yaml").write_text(OWN_STUDY.format(trainer=trainer))
    prepared = prepare(load(), Options(workers=2))
    outcomes = list(prepared.comparison().execute())
    errors = {(o.job.arm, o.result.metrics.get("error")) for o in outcomes if o.result}
    assert errors == {("new", 1.5), ("old", 2.5)}, outcomes
