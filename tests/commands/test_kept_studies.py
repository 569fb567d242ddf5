"""Studies as a runs directory keeps them: of files, of Python and imported."""

from __future__ import annotations

from pathlib import Path

import pytest

import ablations
from tests.commands.test_shell import here

TRAIN = """\
import random
def train(run):
    if run.settings["kind"] == "crash":
        raise RuntimeError("boom")
    noise = random.gauss(0, 0.01) if run.settings["kind"] == "drawn" else 0
    return {"error": 1 - run.settings["rate"] + noise}
"""
STUDY = """\
study: own
question: "?"
trainer: python:mine.train
base: {settings: {rate: 0.1, kind: KIND}}
control: a
arms: {a: {}, b: {settings.rate: 0.9}, c: {settings.rate: 0.5}}
seeds: 6
metrics: {error: {better: lower}}
metric: error
margin: 0.1
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(TRAIN)
    return tmp_path


def write(kind: str, old: str = "", new: str = "") -> None:
    text = STUDY.replace("KIND", kind)
    assert old in text
    Path("own.yaml").write_text(text.replace(old, new))


def test_equal_scores_of_a_trainer_of_ones_own_count_as_they_are_with_a_note(place: Path) -> None:
    write("fixed")
    ran = here("run", "own")
    note = (
        "own: The same error at every seed: a (6 runs), b (6 runs) and c (6 runs). The runs count"
    )
    assert note in ran.stdout
    assert "The seed reaches nothing" not in ran.stdout
    assert "Better than the control, a (0.9000) in error: b by " in ran.stdout
    assert "The same error at every seed" in here("plan", "own").stdout
    assert "The same error at every seed" in here("report", "own").stderr
    rows = Path("report/own/verdicts.csv").read_text().splitlines()
    assert [row.split(",")[:4] for row in rows[2:]] == [
        ["b", "better", "", "6"],
        ["c", "better", "", "6"],
    ]


def test_an_arm_that_scores_as_the_control_is_named_and_at_few_seeds_not_equivalent(
    place: Path,
) -> None:
    write("fixed", "b: {settings.rate: 0.9}", "b: {settings.kind: alike}")
    Path("own.yaml").write_text(Path("own.yaml").read_text().replace("seeds: 6", "seeds: 2"))
    ran = here("run", "own")
    assert "own: The same error as the control's at every seed: b (2 runs). Either" in ran.stdout
    assert "No difference that matters" not in ran.stdout
    assert "inert" not in ran.stdout
    checked = here("check", "own")
    assert checked.returncode == 3
    assert "own: b: NOT SETTLED" in checked.stdout


def test_the_answer_is_said_though_an_arm_failed(place: Path) -> None:
    write("drawn", "c: {settings.rate: 0.5}", "c: {settings.kind: crash}")
    ran = here("run", "own")
    assert ran.returncode == 1
    assert "12 completed, 6 failed" in ran.stdout
    assert "Better than the control, a (" in ran.stdout
    assert "No verdict, as all runs failed: c." in ran.stdout
    assert "ablations report own writes the report" in ran.stdout


def test_a_report_says_that_the_study_was_changed_since(place: Path) -> None:
    write("drawn")
    here("run", "own")
    assert "was changed" not in here("report", "own").stderr
    (place / "mine.py").write_text(f"{TRAIN}# another line\n")
    reported = here("report", "own")
    assert reported.returncode == 0
    assert (
        "own: its file, or code that it names, was changed since its last run: the report is of "
        "what was run; ablations run own trains it" in reported.stderr
    )


def test_what_no_file_says_is_known_by_its_name(place: Path) -> None:
    Path("table.csv").write_text("arm,seed,error\na,0,1\na,1,2\nb,0,3\nb,1,1\n")
    words = ["--study", "elsewhere", "--control", "a", "--metric", "error", "--better", "lower"]
    assert here("import", "table.csv", *words, "--margin", "1").returncode == 0
    write("drawn")
    written = ablations.Study(
        study="python",
        question="?",
        trainer="python:mine.train",
        base={"settings": {"rate": 0.1, "kind": "drawn"}},
        control="a",
        arms={"a": {}, "b": {"settings.rate": 0.9}},
        seeds=2,
        metrics={"error": {"better": "lower"}},
        metric="error",
    )
    written.run(executor="inline", quiet=True)
    every = here("status").stdout
    for name in ("own", "elsewhere", "python"):
        assert name in every
    for name in ("elsewhere", "python"):
        told = here("status", name)
        assert told.returncode == 0, told.stderr
        assert [line.split()[:2] for line in told.stdout.splitlines()[1:3]] == [
            ["a", "2"],
            ["b", "2"],
        ]
    unknown = here("status", "nowhere")
    assert unknown.returncode == 2
    assert 'no study "nowhere" in configs/ or here; Known: own' in unknown.stderr


def test_python_gives_the_answer_and_the_report_of_the_shell(place: Path) -> None:
    write("drawn")
    study = ablations.Study.load("own").run(executor="inline", quiet=True)
    page = study.report("out")
    assert page == Path("out/own/index.html")
    assert page.is_file()
    assert study.answer in here("report", "own").stdout.replace("own: ", "")


def test_what_is_to_be_typed_next_names_the_runs(place: Path) -> None:
    write("drawn")
    ran = here("run", "own", "--runs", "their runs")
    assert "own: ablations report own --runs 'their runs' writes the report" in ran.stdout
    assert here("report", "own", "--runs", "their runs").returncode == 0
    again = here("run", "own", "--runs", "their runs")  # what is there is answered as well
    assert "Better than the control, a (" in again.stdout
    checked = here("check", "own", "--runs", "their runs", "--against", "their runs/own")
    assert "--against their runs/own: holds these very runs" in checked.stderr


def test_a_shard_without_a_run_says_so(place: Path) -> None:
    write("drawn")
    ran = here("run", "own", "--shard", "40/50", "--arm", "a")
    assert (ran.returncode, ran.stdout) == (0, "own, shard 40/50: 0 of 6 runs\n")
