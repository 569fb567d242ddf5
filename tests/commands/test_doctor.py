"""What the doctor says of a machine, and when it says that nothing can be trained."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

import pytest

from ablations.commands.doctor import doctor
from ablations.errors import DeviceError, RunsDirectoryError
from ablations.execution import devices, storage
from ablations.execution.options import Options
from ablations.execution.storage import Storage
from ablations.training.runtime import Survey

ENVIRONMENT = {"tensorflow": "2.0", "keras": "3.0", "numpy": "2.0", "intra_op_threads": 1}
NO_GPU = Survey(4.2, ENVIRONMENT, (), "it is built without CUDA")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine that answers at once, without a GPU or any data but scikit-learn's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("ABLATIONS_DATA", raising=False)
    monkeypatch.setattr(devices, "survey", lambda: NO_GPU)
    monkeypatch.setattr(devices, "listed_gpus", list)
    monkeypatch.delenv(devices.VISIBLE, raising=False)
    return monkeypatch


def rows(output: str) -> dict[str, tuple[str, str]]:
    """Return what → state and words of the doctor's table."""
    joined = re.sub(r" *\n {8,}", " ", output)
    found = (re.match(r"(ok|note|wrong) +(.+?)  +(.*?) *$", line) for line in joined.splitlines())
    return {match[2]: (match[1], match[3]) for match in found if match}


def test_a_machine_is_told_as_it_is(
    machine: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.undo()
    assert doctor(Options()) == 0
    output = capsys.readouterr().out
    told = rows(output)
    assert told["Python"][1].startswith(platform.python_version())
    assert told["TensorFlow"][1].startswith(f"{version('tensorflow')}, imported in ")
    assert told["Keras, NumPy"][1] == f"{version('keras')}, {version('numpy')}"
    assert told["cores"][1].startswith(f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} may")
    assert told["data: digits"][0] == "ok"
    assert told["locks"][1].startswith("work on ")
    assert output.endswith("ready to train\n")


def test_data_that_is_not_here_says_what_to_put_where(
    machine: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fashion_mnist").mkdir()
    (tmp_path / "fashion_mnist" / "fashion_mnist.npz").touch()
    assert doctor(Options(data_directory=tmp_path)) == 0
    told = rows(capsys.readouterr().out)
    assert told["data: fashion_mnist"][0] == "ok"
    state, words = told["data: mnist"]
    assert state == "note"
    assert "Put train-images-idx3-ubyte" in words
    assert words.endswith("else the first run downloads it")


def test_what_tensorflow_sees_stands_against_what_nvidia_lists(
    machine: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.setattr(devices, "listed_gpus", lambda: ["GPU 0: H200", "GPU 1: H200"])
    assert doctor(Options()) == 0
    state, words = rows(capsys.readouterr().out)["GPUs"]
    assert state == "note"
    assert words.endswith("TensorFlow uses none: it is built without CUDA")
    for seen, state in ((("H200",), "note"), (("H200", "H200"), "ok")):
        machine.setattr(devices, "survey", lambda seen=seen: Survey(4.2, ENVIRONMENT, seen, ""))
        doctor(Options())
        assert rows(capsys.readouterr().out)["GPUs"][0] == state


@pytest.mark.parametrize(
    ("part", "broken", "what", "words"),
    [
        ("survey", DeviceError("TensorFlow cannot be imported: no AVX"), "TensorFlow", "no AVX"),
        ("examine", RunsDirectoryError("runs: / cannot be written"), "runs", "cannot be written"),
        ("examine", Storage(Path("/"), 10**6, 10**6, True, "ext4"), "disk", "wants 100 MB"),
        ("examine", Storage(Path("/"), 10**12, 3, True, "ext4"), "disk", "room for 3 files"),
        ("examine", Storage(Path("/"), 10**12, None, False, "nfs"), "locks", "do not work on nfs"),
    ],
)
def test_where_nothing_can_be_trained_it_says_so(
    machine: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    part: str,
    broken: object,
    what: str,
    words: str,
) -> None:
    def found(*_: object) -> object:
        if isinstance(broken, Exception):
            raise broken
        return broken

    machine.setattr(devices if part == "survey" else storage, part, found)
    assert doctor(Options()) == 1
    output = capsys.readouterr().out
    assert rows(output)[what][0] == "wrong"
    assert words in rows(output)[what][1]
    assert output.endswith(f"nothing can be trained here: {what}\n")


def test_a_disk_that_machines_share_is_said_to_be_one(
    machine: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind, state in (("nfs4", "note"), ("ext4", "ok")):
        there = Storage(Path("/"), 10**12, 10**6, True, kind)
        machine.setattr(storage, "examine", lambda _, there=there: there)
        assert doctor(Options()) == 0
        assert rows(capsys.readouterr().out)["locks"][0] == state
