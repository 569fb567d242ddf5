"""Which devices a session uses."""

from __future__ import annotations

import os

import pytest

from ablations.errors import DeviceError
from ablations.execution.devices import choose


def test_auto_takes_the_gpus_that_are_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    assert choose("auto", None) == ["2", "5"]
    assert choose("gpu", 1) == ["2"]


def test_cpu_has_one_worker_a_core_or_as_many_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert choose("cpu", None) == [None] * len(os.sched_getaffinity(0))
    assert choose("cpu", 3) == [None] * 3


def test_a_gpu_that_is_not_there_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    with pytest.raises(DeviceError, match="no GPU is visible here"):
        choose("gpu", None)


def test_more_workers_than_gpus_share_them_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert choose("gpu", 5) == ["0", "1", "0", "1", "0"]
    assert choose("auto", 1) == ["0"]
