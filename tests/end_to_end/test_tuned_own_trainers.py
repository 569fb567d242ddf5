"""A search for trainers of one's own: it chooses by what they return of a validation split."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.test_shell import ablations

TRAIN = """\
def train(run):
    rate, target = run.settings["rate"], run.settings["target"]
    miss = (rate - target) ** 2 + run.seed * 1e-6
    return {"validation_error": miss, "error": 100 * miss}
"""
PROGRAM = """\
import json, sys
rate, target, seed, directory = *map(float, sys.argv[1:4]), sys.argv[4]
miss = (rate - target) ** 2 + seed * 1e-6
json.dump({"validation_error": miss, "error": 100 * miss}, open(f"{directory}/final.json", "w"))
"""
COMMAND = '{command: [python, train.py, "{rate}", "{target}", "{seed}", "{directory}"]}'
STUDY = """\
study: own
question: Which target?
trainer: {trainer}
base: {{settings: {{rate: 0.5, target: 0.1, unread: 1}}}}
control: low
arms: {{low: {{}}, high: {{settings.target: 0.3}}, held: {{settings.rate: 0.2}}}}
seeds: 6
tune: {{settings: {{settings.rate: [0.1, 0.2, 0.3]}}, seeds: [100]}}
metrics: {{error: {{better: lower}}, validation_error: {{better: lower}}}}
metric: error
margin: 1
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(TRAIN)
    (tmp_path / "train.py").write_text(PROGRAM)
    return tmp_path


def say(place: Path, trainer: str, old: str = "", new: str = "") -> None:
    text = STUDY.format(trainer=trainer)
    assert old in text
    (place / "own.yaml").write_text(text.replace(old, new, 1) if old else text)


@pytest.mark.parametrize("trainer", ["python:mine.train", COMMAND], ids=["function", "command"])
def test_each_arm_gets_the_rate_that_does_best_on_its_validation(place: Path, trainer: str) -> None:
    say(place, trainer)
    done = ablations("run", "own", "--seed", "0", "--workers", "2")
    assert done.returncode == 0, done.stderr
    runs = place / "runs/own"
    for arm, rate, target in (("low", 0.1, 0.1), ("high", 0.3, 0.3), ("held", 0.2, 0.1)):
        result = json.loads((runs / arm / "seed-0/result.json").read_bytes())
        assert result["metrics"]["error"] == pytest.approx(100 * (rate - target) ** 2, abs=1e-9)
    trials = sorted(runs.glob("tuning/*/*/seed-100/result.json"))
    assert [path.parts[-4:-2] for path in trials] == [
        (arm, f"rate-{rate}") for arm in ("high", "low") for rate in (0.1, 0.2, 0.3)
    ]
    for path in trials:  # nothing else can be looked at
        assert json.loads(path.read_bytes())["metrics"].keys() == {"validation_error"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("settings.rate: [", "settings.rat: [", 'the base has no setting "rat"'),
        ("settings.rate: [", "model.width: [", "wants a dotted path settings.…"),
        ("settings.rate: [", "settings.unread: [", "no word of the command holds {unread}"),
        (", validation_error: {better: lower}", "", "wants the metric that chooses"),
        ("seeds: [100]", "seeds: [100], metric: error", "is not of the validation split"),
        ("seeds: [100]", "seeds: [100], epochs: 2", "the trainer has none that are known here"),
    ],
    ids=["misspelt", "no section", "unread", "no metric", "a test metric", "epochs"],
)
def test_a_search_that_cannot_choose_is_refused_with_a_line(
    place: Path, old: str, new: str, message: str
) -> None:
    say(place, COMMAND, old, new)
    done = ablations("plan", "own")
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "own.yaml:" in done.stderr
