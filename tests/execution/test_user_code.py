"""A study of a user's own model and data, from the shell; what fails does so before training."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ablations.errors import UserCodeError
from ablations.execution.apart import SeparateProcess
from tests.commands.test_shell import ablations

MODULE = """\
import numpy as np

def points():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 200)
    points = generator.normal(size=(200, 3)) + 3 * labels[:, None]
    return {"x": points, "y": labels}

def build(input_shape, classes, width):
    import keras
    layers = [keras.layers.Dense(width, activation="relu"), keras.layers.Dense(classes)]
    return keras.Sequential([keras.Input(input_shape), *layers])

def broken(input_shape, classes, width):
    return [width, classes]
"""
STUDY = """\
study: own
question: How wide?
base:
  data: {name: "python:mine.points", validation: 40}
  model: {name: python:mine.build, width: 4}
  training: {batch_size: 20, epochs: 2, optimizer: {name: sgd, learning_rate: 0.1}}
control: narrow
arms:
  narrow: {}
  wide: {model.width: 5}
seeds: 1
"""


@pytest.fixture
def own(workplace: Path) -> Path:
    (workplace / "mine.py").write_text(MODULE)
    (workplace / "configs" / "own.yaml").write_text(STUDY)
    return workplace


@pytest.mark.slow
def test_a_users_model_and_data_are_planned_run_and_stale_once_their_code_changes(own: Path):
    planned = ablations("plan", "own")
    assert planned.returncode == 0, planned.stderr
    lines = planned.stdout.splitlines()
    narrow, wide = (next(line for line in lines if line.startswith(a)) for a in ("narrow", "wide"))
    assert narrow.split()[:2] == ["narrow*", str(4 * 4 + 2 * 5)]
    assert wide.split()[:2] == ["wide", str(5 * 4 + 2 * 6)]
    assert "model.width: 4 → 5" in wide
    done = ablations("run", "own", "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert "2 completed" in done.stdout
    states = ablations("status", "own").stdout.splitlines()
    assert [line.split()[1] for line in states[1:]] == ["1", "1"]  # done
    (own / "mine.py").write_text(MODULE + "\n")
    states = ablations("status", "own").stdout.splitlines()
    assert [line.split()[3] for line in states[1:3]] == ["1", "1"]  # stale
    assert all("mine.py has changed since" in line for line in states[3:]), states


@pytest.mark.parametrize("command", ["plan", "run"])
def test_a_function_that_gives_no_model_stops_before_anything_is_written(own: Path, command: str):
    study = STUDY.replace("wide: {model.width: 5}", 'wide: {model.name: "python:mine.broken"}')
    (own / "configs" / "own.yaml").write_text(study)
    refused = ablations(command, "own")
    assert refused.returncode == 2
    says = "wants a function that returns a keras.Model, got list"
    assert f"arm wide: python:mine.broken: {says}" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not (own / "runs").exists()


def test_code_that_ends_the_process_is_an_error_in_a_line():
    with (
        SeparateProcess() as process,
        pytest.raises(UserCodeError, match=r"ends the process \(exit status 7\)"),
    ):
        process.call(os._exit, [(7,)])


def test_an_error_keeps_its_type_and_its_line():
    with SeparateProcess() as process:
        with pytest.raises(ValueError, match="invalid literal for int"):
            process.call(int, [("1",), ("x",)])
        assert process.call(int, [("1",), ("2",)]) == [1, 2]


def test_all_that_is_called_apart_runs_in_one_other_process():
    with SeparateProcess() as process:
        ids = process.call(os.getpid, [(), ()]) + process.call(os.getpid, [()])
    assert len(set(ids)) == 1
    assert os.getpid() not in ids
