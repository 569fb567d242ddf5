"""Which devices a session uses, and that a GPU is one that TensorFlow can use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ablations.commands.run import run
from ablations.errors import DeviceError
from ablations.execution import devices
from ablations.execution.devices import VISIBLE, choose
from ablations.execution.options import Options

NO_SUCH_GPU = "97"


@pytest.fixture
def usable(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorFlow can use every GPU that is said to be there."""
    monkeypatch.setattr(devices, "_why_unusable", lambda gpus: "")


@pytest.mark.usefixtures("usable")
def test_auto_takes_the_gpus_that_are_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE, "2,5")
    assert choose("auto", None) == devices.Devices(("2", "5"))
    assert choose("gpu", 1).gpus == ("2",)


def test_cpu_has_one_worker_a_core_or_as_many_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE, "0")
    assert choose("cpu", None).gpus == (None,) * len(os.sched_getaffinity(0))
    assert choose("cpu", 3) == devices.Devices((None,) * 3)


def test_a_gpu_that_is_not_there_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE, "-1")
    with pytest.raises(DeviceError, match="--device gpu: no GPU is visible here; wants"):
        choose("gpu", None)
    assert choose("auto", 2) == devices.Devices((None, None))


def test_a_gpu_that_tensorflow_cannot_use_is_refused_or_said(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VISIBLE, NO_SUCH_GPU)
    with pytest.raises(DeviceError, match="GPU 97 was promised and TensorFlow sees none: ") as told:
        run("small", ["elu"], [0], None, (), Options(device="gpu"))
    assert not Path("runs").exists()
    reason = str(told.value).removeprefix("--device gpu: ").partition(";")[0]
    chosen = choose("auto", 2)
    assert chosen.gpus == (None, None)
    assert chosen.notice == f"trains on the CPU: {reason}"
    assert capfd.readouterr() == ("", "")


def test_more_workers_than_gpus_share_them_in_turn(
    monkeypatch: pytest.MonkeyPatch, usable: None
) -> None:
    monkeypatch.setenv(VISIBLE, "0,1")
    assert choose("gpu", 5).gpus == ("0", "1", "0", "1", "0")
    assert choose("auto", 1).gpus == ("0",)


@pytest.mark.usefixtures("usable")
def test_a_run_takes_several_gpus_which_no_other_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE, "0,1,2,5,7")
    assert choose("auto", None, 2).gpus == ("0,1", "2,5")
    assert choose("gpu", 9, 2).gpus == ("0,1", "2,5")
    assert choose("gpu", 1, 5).gpus == ("0,1,2,5,7",)
    with pytest.raises(DeviceError, match="--devices-per-run 6: 5 GPUs are visible here; wants"):
        choose("auto", None, 6)
    chosen = choose("cpu", 1, 2)
    assert chosen.gpus == (None,)
    assert "2 virtual devices of the CPU" in chosen.notice
