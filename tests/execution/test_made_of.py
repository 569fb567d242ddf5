"""Each run records the files that it was made of; what changes is named, and trained again."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest

from ablations import files
from ablations.commands import studies
from ablations.errors import StudyError
from ablations.execution import facts
from ablations.execution.options import Options
from ablations.execution.session import prepare
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.records import Result, read_result
from ablations.own_files import EDITED
from ablations.study.schema import Study
from ablations.training.made_of import imported_here
from tests.commands.test_shell import here
from tests.support.running import make_recipe

FUNCTION = """\
from helper import error

def train(run):
    return {"error": error(run.settings["rate"], run.seed), "validation_error": 1.0}
"""
PROGRAM = """\
import json, sys
from helper import error
rate, seed, directory = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
json.dump({"error": error(rate, seed)}, open(f"{directory}/final.json", "w"))
"""
HELPER = "def error(rate, seed):\n    return rate * (2 + seed) + {bias}\n"
TRAINERS = {
    "function": "python:mine.train",
    "command": '{command: [python, cli.py, "{rate}", "{seed}", "{directory}"]}',
    "shell": "{command: [sh, -c, 'python cli.py {rate} {seed} {directory}']}",
    "module": '{command: [python, -m, cli, "{rate}", "{seed}", "{directory}"]}',
}
STUDY = """\
study: own
question: Which rate?
trainer: {trainer}
base: {{settings: {{rate: 0.5, extra: null}}}}
control: slow
arms: {{slow: {{}}, fast: {{settings.rate: 0.25}}}}
seeds: 2
metrics: {{error: {{better: lower}}, validation_error: {{better: lower}}}}
metric: error
margin: 0.01
"""


@pytest.fixture(autouse=True)
def place(workplace: Path) -> Path:
    Path("mine.py").write_text(FUNCTION)
    Path("cli.py").write_text(PROGRAM)
    Path("helper.py").write_text(HELPER.format(bias=0.0))
    return workplace


def write(trainer: str, **changes: str) -> None:
    content = STUDY.format(trainer=TRAINERS.get(trainer, trainer))
    for old, new in changes.items():
        content = content.replace(f"{old}: null", f"{old}: {new}")
    Path("configs/own.yaml").write_text(content)


def load() -> Study:
    (study,) = studies.load("own")
    return study


def prints(study: Study) -> dict[str, str]:
    return {arm.name: fingerprint(arm.recipe, 0, "") for arm in study.arms}


def run(*arms: str, seeds: tuple[int, ...] = ()) -> list[Result]:
    session = prepare(load(), Options(workers=1), arms, seeds).comparison()
    return [outcome.result for outcome in session.execute() if outcome.result]


def result(arm: str = "slow", seed: int = 0) -> Result:
    return read_result(RunsDirectory(Path("runs")).run("own", arm, seed).result)


def hashed(*texts: str) -> str:
    each = (hashlib.sha256(text.encode()).digest() for text in texts)
    return hashlib.sha256(b"".join(each)).hexdigest()[:16]


# Before training


@pytest.mark.parametrize("trainer", TRAINERS)
def test_a_file_beside_the_code_that_it_imports_enters_the_fingerprint(trainer: str) -> None:
    write(trainer)
    before = prints(load())
    Path("unused.py").write_text("X = 1\n")
    assert prints(load()) == before
    Path("helper.py").write_text(HELPER.format(bias=1.0))
    after = prints(load())
    assert all(after[arm] != before[arm] for arm in before)


@pytest.mark.parametrize("trainer", ["function", "command"])
def test_one_file_alone_keeps_the_hash_that_it_had(trainer: str) -> None:
    alone = "import json, sys\n\ndef train(run):\n    return {'error': 1.0}\n"
    for name in ("mine.py", "cli.py"):
        Path(name).write_text(alone)
    write(trainer)
    recipe = load().base
    assert recipe.code_hash == hashed(alone)  # type: ignore[union-attr]
    assert "files_hash" not in json.dumps(
        {k: v for k, v in recipe.without_telemetry().items() if v != ""}
    )
    name = "mine.py" if trainer == "function" else "cli.py"
    assert recipe.made_of == {name: hashed(alone)}


@pytest.mark.parametrize("trainer", ["function", "command"])
def test_a_file_that_a_setting_names_enters_the_fingerprint(trainer: str) -> None:
    Path("teacher.npz").write_text("weights")
    write(trainer, extra="{net: {teacher: teacher.npz}, rest: [1, none]}")
    before = prints(load())
    assert load().base.made_of["teacher.npz"] == hashed("weights")
    Path("teacher.npz").write_text("other weights")
    after = prints(load())
    assert all(after[arm] != before[arm] for arm in before)


def test_an_arm_may_name_another_file() -> None:
    for name in ("a.npz", "b.npz"):
        Path(name).write_text(name)
    write("function", extra="a.npz")
    study = Path("configs/own.yaml")
    text = study.read_text().replace("settings.rate: 0.25", "settings.extra: b.npz")
    study.write_text(text)
    loaded = load()
    assert set(loaded.arm("fast").recipe.made_of) == {"b.npz", "mine.py", "helper.py"}
    (done,) = run("fast", seeds=(1,))
    assert (done.status, set(done.made_of)) == ("completed", {"b.npz", "mine.py", "helper.py"})


@pytest.mark.slow
def test_files_that_a_search_tries_are_found_for_each_trial() -> None:
    for name in ("a.npz", "b.npz"):
        Path(name).write_text(name)
    write("function", extra="a.npz")
    study = Path("configs/own.yaml")
    study.write_text(study.read_text() + "tune: {settings: {settings.extra: [a.npz, b.npz]}}\n")
    done = here("run", "own")
    assert done.returncode == 0, done.stderr
    assert "failed" not in done.stdout
    Path("b.npz").write_text("other")
    assert "b.npz has changed since" in here("status", "own").stdout


def test_files_names_what_cannot_be_found() -> None:
    for name in ("data.csv", "more.csv", "odd.txt"):
        Path("configs", name).write_text("1\n")
    write("function")
    study = Path("configs/own.yaml")
    text = study.read_text()
    before = prints(load())
    study.write_text(f'{text}files: ["*.csv"]\n')
    one = prints(load())
    assert one["slow"] != before["slow"]
    assert {"configs/data.csv", "configs/more.csv"} < set(load().base.made_of)
    Path("configs/odd.txt").write_text("2\n")
    assert prints(load()) == one
    Path("configs/more.csv").write_text("2\n")
    assert prints(load())["slow"] != one["slow"]
    study.write_text(f"{text}files: [data.csv, dta.csv, ../configs]\n")
    with pytest.raises(StudyError) as raised:
        load()
    where = Path("configs").absolute()
    assert str(raised.value).splitlines() == [
        f"configs/own.yaml:11:19: files.1: dta.csv: no such file, relative to {where}",
        "configs/own.yaml:11:28: files.2: ../configs: a directory; expected files, such as "
        "../configs/*",
    ]


def test_code_that_cannot_be_read_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, size: int, time: int) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    for trainer in ("function", "command"):
        write(trainer)
        with monkeypatch.context() as patch:
            patch.setattr(files, "_digest", refuse)
            refused = here("plan", "own")
        assert refused.returncode == 2
        assert refused.stderr.count("\n") == 1
        assert "Permission denied; expected a file that can be read" in refused.stderr


# What changed


def edited(trainer: str) -> tuple[str, str, str]:
    """Train the control, edit the helper, train the other arm; return what is said then."""
    write(trainer)
    assert [one.status for one in run("slow")] == ["completed"] * 2
    Path("helper.py").write_text(HELPER.format(bias=-33.0))
    assert [one.status for one in run("fast")] == ["completed"] * 2
    status = here("status", "own").stdout
    checked = here("check", "own")
    assert checked.returncode == 3
    reported = here("report", "own")
    return status, checked.stdout, reported.stdout + reported.stderr


@pytest.mark.parametrize("trainer", [pytest.param("function", marks=pytest.mark.slow), "command"])
def test_an_arm_added_after_an_edit_is_not_compared_with_the_control_of_before(
    trainer: str,
) -> None:
    status, checked, reported = edited(trainer)
    assert "own/slow seeds 0, 1: stale: helper.py has changed since" in status
    assert "2 stale (helper.py has changed since)" in checked
    assert "stale: slow seed 0, 1: helper.py has changed since" in reported
    again = here("run", "own").stdout
    assert "own: stale: helper.py has changed since" in again
    assert here("status", "own").stdout.splitlines()[1].split()[:2] == ["slow", "2"]


def test_a_data_file_that_changes_before_a_run_begins_is_named() -> None:
    Path("table.csv").write_text("1\n")
    write('{command: [python, cli.py, "{rate}", "{seed}", "{directory}", --data, table.csv]}')
    prepared = prepare(load(), Options(workers=1))
    Path("table.csv").write_text("2\n3\n")
    (failed, *_) = [o.result for o in prepared.comparison().execute() if o.result]
    assert failed.status == "failed"
    assert failed.reason.endswith("table.csv has changed since the study was read")


# After training

DYNAMIC = """\
import importlib

def train(run):
    name = "hel" + "per"
    error = importlib.import_module(name).error
    return {"error": error(run.settings["rate"], run.seed)}
"""


@pytest.mark.slow
def test_what_a_function_imported_unforeseen_is_noted_and_makes_it_stale() -> None:
    Path("mine.py").write_text(DYNAMIC)
    write("function")
    run()
    made = result()
    assert made.notes == ("imported, and not found before training: helper.py",)
    assert set(made.made_of) == {"mine.py", "helper.py"}
    assert not prepare(load(), Options(workers=1)).comparison().pending
    Path("helper.py").write_text(HELPER.format(bias=7.0))
    assert "stale: helper.py has changed since" in here("status", "own").stdout
    run("fast")
    assert result("fast").metrics["error"] == 7.5
    reported = here("report", "own").stderr
    why = "made of another version of helper.py than the control's runs"
    assert f"other code: fast seed 0, 1: {why}" in reported
    checked = here("check", "own")
    assert checked.returncode == 3
    assert "helper.py" in checked.stdout
    os_helper = Path("helper.py").read_text()
    Path("helper.py").unlink()  # as on another machine
    checked = here("check", "own")
    assert (checked.returncode, why in checked.stdout) == (3, True), checked.stdout
    Path("helper.py").write_text(os_helper)
    assert {one.metrics["error"] for one in run()} == {8.0, 8.5}


DYNAMIC_PROGRAM = """\
import importlib, json, os, sys
assert not any(os.path.exists(os.path.join(place, "sitecustomize.py")) for place in sys.path)
rate, seed, directory = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
error = importlib.import_module("hel" + "per").error
json.dump({"error": error(rate, seed)}, open(f"{directory}/final.json", "w"))
"""


@pytest.mark.parametrize("trainer", ["command", "shell"])
def test_what_a_program_imported_unforeseen_is_noted_and_makes_it_stale(trainer: str) -> None:
    Path("cli.py").write_text(DYNAMIC_PROGRAM)
    write(trainer)
    run()
    made = result()
    assert made.notes == ("imported, and not found before training: helper.py",)
    assert set(made.made_of) == {"cli.py", "helper.py"}
    assert not (RunsDirectory(Path("runs")).run("own", "slow", 0).imported).exists()
    assert not prepare(load(), Options(workers=1)).comparison().pending
    Path("helper.py").write_text(HELPER.format(bias=7.0))
    standings = prepare(load(), Options(workers=1)).comparison().standings
    assert {s.reason for s in standings} == {"helper.py has changed since"}


def test_a_sitecustomize_of_the_users_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("theirs").mkdir()
    Path("theirs/sitecustomize.py").write_text("import builtins; builtins.theirs = 3.0\n")
    monkeypatch.setenv("PYTHONPATH", str(Path("theirs").resolve()))
    Path("cli.py").write_text(DYNAMIC_PROGRAM.replace("assert not", "assert").replace(
        'error(rate, seed)', "theirs"))  # fmt: skip
    write("command")
    run()
    assert result().metrics == {"error": 3.0}
    assert "theirs/sitecustomize.py" in result().made_of


EDITS = """\
import json, pathlib, sys
directory = sys.argv[3]
pathlib.Path("table.csv").write_text("edited " + directory)
json.dump({"error": 1.0}, open(f"{directory}/final.json", "w"))
"""


def test_a_file_that_is_edited_as_a_run_trains_has_no_version() -> None:
    Path("cli.py").write_text(EDITS)
    Path("table.csv").write_text("1\n")
    write('{command: [python, cli.py, "{rate}", "{seed}", "{directory}", table.csv]}')
    first, *others = run()
    assert first.status == "completed"
    assert first.made_of["table.csv"] == EDITED
    assert "edited while the run trained: table.csv" in first.notes
    assert all("table.csv has changed since the study was read" in one.reason for one in others)
    Path("table.csv").write_text("1\n")  # back again: nobody knows which of them it read
    assert len(prepare(load(), Options(workers=1)).comparison().pending) == 4


# Files that runs share

SHARES = """\
import json, os, sys
rate, seed, directory = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
state = json.load(open("state.json")) if os.path.exists("state.json") else {"sum": 0}
state["sum"] += 1
json.dump(state, open("state.json", "w"))
json.dump({"error": state["sum"]}, open(f"{directory}/final.json", "w"))
"""


def test_two_runs_that_write_one_file_are_named_with_the_remedy() -> None:
    Path("cli.py").write_text(SHARES)
    write("command")
    done = here("run", "own")
    said = "state.json was written outside the runs' directories while 4 runs trained"
    assert f"own: {said} (seeds: fast 0, 1 and slow 0, 1)" in done.stdout
    assert 'cwd: "{directory}" beside the command' in done.stdout
    assert result().wrote == ("state.json",)
    assert result().notes == ("written outside its directory while it trained: state.json",)
    here("report", "own")
    assert said in Path("report/own/report.md").read_text().replace("\\_", "_").replace("\n", " ")
    write(TRAINERS["command"][:-1] + ', cwd: "{directory}"}')
    done = here("run", "own")
    assert "was written outside" not in done.stdout
    runs = [result(arm, seed) for arm in ("slow", "fast") for seed in (0, 1)]
    assert [one.metrics["error"] for one in runs] == [1] * 4
    assert RunsDirectory(Path("runs")).run("own", "slow", 0).path.joinpath("state.json").exists()


def test_a_function_that_writes_where_it_is_started_is_named() -> None:
    Path("mine.py").write_text(
        "def train(run):\n    open('state.txt', 'a').write('x')\n    return {'error': 1.0}\n"
    )
    write("function")
    (done,) = run("slow", seeds=(0,))
    assert done.wrote == ("state.txt",)


@pytest.mark.parametrize(
    "command",
    [
        '[python, cli.py, "{rate}", "{seed}", "{directory}"]',
        '[python, ./sub/../cli.py, "{rate}", "{seed}", "{directory}", --data=sub/table.csv, sub/]',
        '[python, -m, cli, "{rate}", "{seed}", "{directory}"]',
        '["./start", "{rate}", "{seed}", "{directory}"]',
    ],
)
def test_a_program_in_its_runs_directory_finds_its_files(command: str) -> None:
    Path("sub").mkdir()
    Path("sub/table.csv").write_text("1\n")
    Path("start").write_text('#!/bin/sh\nexec python "$(dirname "$0")/cli.py" "$@"\n')
    Path("start").chmod(0o755)
    where = "import os\nassert os.path.basename(os.getcwd()).startswith('seed-'), os.getcwd()\n"
    data = "assert all(os.path.exists(w.split('=')[-1]) for w in sys.argv[4:]), sys.argv\n"
    Path("cli.py").write_text(where + PROGRAM + data)
    write(f'{{command: {command}, cwd: "{{directory}}"}}')
    assert [one.reason for one in run()] == [""] * 4


def test_a_function_keeps_what_it_leaves_in_checkpoint() -> None:
    Path("mine.py").write_text(
        "def train(run):\n"
        "    run.checkpoint.save(step=1)\n"
        "    (run.directory / 'checkpoint' / 'mine').mkdir(parents=True)\n"
        "    (run.directory / 'checkpoint' / 'model.pt').write_text('weights')\n"
        "    return {'error': 1.0}\n"
    )
    write("function")
    run("slow", seeds=(0,))
    kept = RunsDirectory(Path("runs")).run("own", "slow", 0).checkpoint
    assert sorted(path.name for path in kept.iterdir()) == ["mine", "model.pt"]


# Keras

KERAS = """\
study: own
question: How wide?
trainer: keras
base:
  data: {name: "python:nets.data", table: table.csv}
  model: {name: "python:nets.build", width: 4, teacher: teacher.npz}
  training: {epochs: 1, callbacks: "python:calls.callbacks"}
control: narrow
arms: {narrow: {}, wide: {model.width: 8}}
seeds: 1
metric: test_loss
"""
COMPILED = """\
study: own
question: How wide?
base:
  data: {name: digits, validation: 200, train_examples: 320}
  model: {name: "python:nets.build", width: 4, teacher: teacher.npz}
  training: {batch_size: 32, epochs: 1, optimizer: sgd, loss: "python:calls.loss"}
control: narrow
arms: {narrow: {}, wide: {model.width: 8}}
seeds: 1
"""
NETS = """\
import keras, tensorflow as tf
import importlib
from beside import UNITS

def data(seed, table):
    x = tf.random.stateless_normal((32, 3), (seed, 0))
    part = tf.data.Dataset.from_tensor_slices((x, x[:, :1])).batch(8)
    return {"train": part, "test": part}

def build(width, teacher):
    late = importlib.import_module("la" + "ter")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(width), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model
"""
SIBLINGS = {"beside.py": "UNITS = 1\n", "of_calls.py": "", "later.py": "", "teacher.npz": "w"}
CALLS = "import of_calls\n\ndef callbacks():\n    return []\n\ndef loss(y, p):\n    return y\n"


def write_keras(study: str) -> None:
    files = {**SIBLINGS, "nets.py": NETS, "calls.py": CALLS, "table.csv": "1\n"}
    for name, text in {**files, "configs/own.yaml": study}.items():
        Path(name).write_text(text)


@pytest.mark.parametrize("study", [KERAS, COMPILED], ids=["keras", "compiled"])
def test_functions_of_keras_are_followed_alike(study: str) -> None:
    write_keras(study)
    made = {"nets.py", "calls.py", "beside.py", "of_calls.py", "teacher.npz"}
    if study == KERAS:
        made |= {"table.csv"}
    assert set(load().base.made_of) == made
    for name in sorted(made):
        before, text = prints(load()), Path(name).read_text()
        Path(name).write_text(text + "\n")
        after = prints(load())
        assert all(after[arm] != before[arm] for arm in before), name
        Path(name).write_text(text)
        assert prints(load()) == before


def test_a_function_that_returns_data_is_followed_alike() -> None:
    write_keras(COMPILED.replace("name: digits", 'name: "python:nets.data"'))
    before = facts.digests(load(), None)
    Path("beside.py").write_text("UNITS = 2\n")
    after = facts.digests(load(), None)
    assert list(before.values()) != list(after.values())


def test_a_recipe_without_code_imports_nothing_whatever_its_process_imports(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(".")
    imported = imported_here(make_recipe())
    __import__("helper")
    try:
        assert imported() == {}
    finally:
        del sys.modules["helper"]


@pytest.mark.slow
def test_what_a_model_of_keras_imported_unforeseen_is_noted_and_makes_it_stale() -> None:
    write_keras(KERAS)
    (first, second) = run()
    assert "imported, and not found before training: later.py" in first.notes
    assert second.made_of["later.py"] == hashed("")
    assert not prepare(load(), Options(workers=1)).comparison().pending
    Path("later.py").write_text("X = 1\n")
    assert len(prepare(load(), Options(workers=1)).comparison().pending) == 2
