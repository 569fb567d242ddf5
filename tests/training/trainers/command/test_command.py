"""Any program as a trainer: its words, what it logs and leaves, how it fails."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ablations.execution.catalog import CATALOG
from ablations.execution.worker import Job, work
from ablations.ledger.paths import RunDirectory, RunsDirectory
from ablations.ledger.records import Result, read_history
from ablations.study.recipes import read_recipe
from ablations.telemetry.event_reader import read_scalars
from ablations.training.trainers.program.final_metrics import LEFT_NOTHING

GOOD = """\
import json, sys
rate, seed, directory = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
with open(f"{directory}/metrics.jsonl", "a") as log:
    for step in range(3):
        print(json.dumps({"step": step, "loss": rate * (seed + step), "note": "x"}), file=log)
json.dump({"error": rate * seed}, open(f"{directory}/final.json", "w"))
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def train(program: str, **settings: Any) -> Result:
    Path("train.py").write_text(program)
    words = [sys.executable, "train.py", "{rate}", "{seed}", "{directory}"]
    recipe = read_recipe(
        {"trainer": {"command": words}, "settings": {"rate": 0.5, **settings}},
        {"catalog": CATALOG},
    )
    plain = recipe.model_dump(mode="json")
    result = work(Job("own", "arm", 4, plain, {}, Path("runs"), "", metric="error")).result
    assert result is not None
    return result


def directory() -> RunDirectory:
    return RunsDirectory(Path("runs")).run("own", "arm", 4)


def test_what_it_logs_and_leaves_is_recorded() -> None:
    result = train(GOOD)
    assert (result.status, result.metrics, result.epochs) == ("completed", {"error": 2.0}, 3)
    history = read_history(directory().metrics)
    assert [(line["epoch"], line["loss"]) for line in history] == [(0, 2.0), (1, 2.5), (2, 3.0)]
    (events,) = directory().events
    logged = [(step, tag, value) for step, tag, value in read_scalars(events) if "/loss" in tag]
    assert logged == [(n, "curves/loss", 2 + n / 2) for n in range(3)]


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("print('a'); print('b'); raise SystemExit(3)", "exit status 3; its output ends: a | b"),
        ("raise SystemExit(1)", "exit status 1; it printed nothing"),
        ("pass", LEFT_NOTHING),
        ("import os; os.kill(os.getpid(), 11)", "SIGSEGV; it printed nothing"),
        (GOOD.replace('{"error": rate * seed}', '{"eror": 1}'), 'final.json: no metric "error"'),
        (GOOD.replace('{"error": rate * seed}', "[1]"), "final.json: wants a flat mapping"),
        (GOOD.replace("rate * seed", '"low"'), 'final.json: "error" (text): wants a flat mapping'),
        ("open(__import__('sys').argv[3] + '/final.json', 'w').write('{')", "final.json: not JSON"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_the_reason_of_a_failed_run(program: str, reason: str) -> None:
    result = train(program)
    assert result.status == "failed"
    assert reason in result.reason
    assert json.loads(directory().result.read_text())["status"] == "failed"


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e200"])
def test_a_final_metric_that_is_not_finite_is_a_diverged_run(value: str) -> None:
    program = (
        f"""open(__import__('sys').argv[3] + '/final.json', 'w').write('{{"error": {value}}}')"""
    )
    result = train(program)
    assert result.status == "diverged"
    assert result.reason == f"error is {float(value):g}"


def test_entries_of_the_final_metrics_that_are_no_numbers_are_left_out_and_named() -> None:
    entries = '{"error": 1, "name": "x", "layers": [1], "best": None, "good": True}'
    result = train(GOOD.replace('{"error": rate * seed}', entries))
    assert (result.status, result.metrics) == ("completed", {"error": 1.0})
    assert result.notes == ("final.json: name, layers, best and 1 more: left out, as not a number",)


UNREAD = "lines cannot be read; the curves end before the first of them, line"


@pytest.mark.parametrize(
    ("log", "note", "steps"),
    [
        ('{"step": 1}\nhello\n{"step": 3}\n[1]\n', f"2 of 4 {UNREAD} 2: is no JSON", 1),
        ('{"loss": 1}\n', f"1 of 1 {UNREAD} 1: has no step", 0),
        ("3\n", f"1 of 1 {UNREAD} 1: is no mapping", 0),
        ('{"step": 1.5}\n', f"1 of 1 {UNREAD} 1: its step is no whole number", 0),
        ('{"step": 1}\n{"step": 2}', f"1 of 2 {UNREAD} 2: does not end", 1),
        (
            '{"step": 1, "x": NaN}\n',
            "1 of 1 lines have a value that is not finite, first x is nan at step 1",
            1,
        ),
    ],
)
def test_lines_of_its_log_that_no_curve_shows_are_told(log: str, note: str, steps: int) -> None:
    program = f"""import sys
open(sys.argv[3] + "/metrics.jsonl", "w").write({log!r})
open(sys.argv[3] + "/final.json", "w").write('{{"error": 1}}')
"""
    result = train(program)
    assert result.notes == (f"metrics.jsonl: {note}",)
    assert (result.status, result.epochs) == ("completed", steps)


def test_a_program_finds_the_checkpoint_that_it_kept_and_anothers_is_gone() -> None:
    keeps = (
        "import json, os, sys\n"
        "kept = sys.argv[3] + '/checkpoint/at'\n"
        "there = os.path.exists(kept)\n"
        "os.makedirs(os.path.dirname(kept), exist_ok=True)\n"
        "open(kept, 'w').write('1')\n"
        "if not there: sys.exit(1)\n"
        "json.dump({'error': 1}, open(sys.argv[3] + '/final.json', 'w'))\n"
    )
    assert train(keeps).status == "failed"
    again = train(keeps)
    assert again.status == "completed"
    assert again.notes == ("started again beside the checkpoint/ that it had kept",)
    assert (directory().checkpoint / "at").read_text() == "1", "its docs say that it is kept"
    assert train(keeps, other=1).status == "failed"
    assert train(keeps, other=2).status == "failed", "another recipe's checkpoint was kept"
