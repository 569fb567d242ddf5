"""The bands of an arm against Student's interval by SciPy's own distribution."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event

from ablations.telemetry.bands import bands_of
from ablations.telemetry.study_events import write_answer, write_bands

LOSSES = ([0.9, 0.5, 0.4], [0.7, 0.6], [0.8, 0.2, 0.1])


def histories(*losses: list[float | None]) -> list[list[dict[str, float | None]]]:
    return [
        [{"epoch": epoch, "train_loss": loss, "seconds": 1.0} for epoch, loss in enumerate(run, 1)]
        for run in losses
    ]


def bands(directory: Path) -> dict[tuple[int, str], float]:
    (path,) = directory.iterdir()
    events = [Event.FromString(record) for record in RawEventFileLoader(str(path)).Load()]
    return {
        (event.step, value.tag): value.simple_value
        for event in events
        for value in event.summary.value
    }


def test_a_band_is_students_interval_at_each_epoch_that_all_seeds_reached(tmp_path: Path) -> None:
    write_bands(tmp_path, bands_of(histories(*LOSSES)))
    got = bands(tmp_path)
    assert {step for step, _ in got} == {1, 2}
    for epoch in (1, 2):
        values = [run[epoch - 1] for run in LOSSES]
        low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
        for line, wanted in (("mean", np.mean(values)), ("lower", low), ("upper", high)):
            assert got[epoch, f"interval/train_loss/{line}"] == pytest.approx(wanted, rel=1e-6)
        assert got[epoch, "curves/train_loss"] == pytest.approx(np.mean(values), rel=1e-6)
    assert len(got) == 8


def test_the_band_of_one_seed_is_its_curve(tmp_path: Path) -> None:
    write_bands(tmp_path, bands_of(histories([0.5])))
    assert set(bands(tmp_path).values()) == {0.5}


def test_an_epoch_that_a_seed_did_not_measure_has_no_band(tmp_path: Path) -> None:
    write_bands(tmp_path, bands_of(histories([0.5, 0.4], [0.6, None])))
    assert {step for step, _ in bands(tmp_path)} == {1}


def test_bands_are_replaced_and_without_a_finished_run_removed(tmp_path: Path) -> None:
    for losses in ([0.5], [0.25]):
        write_bands(tmp_path, bands_of(histories(losses)))
        assert set(bands(tmp_path).values()) == set(losses)
    write_bands(tmp_path, [])
    assert list(tmp_path.iterdir()) == []


def test_of_two_runners_that_write_at_once_one_file_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each removed what it had seen before it wrote, so that both files stayed for ever."""
    write_answer(tmp_path, "before")
    real = os.replace

    def late(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "replace", real)
        write_answer(tmp_path, "the other's")
        real(source, target)

    monkeypatch.setattr(os, "replace", late)
    write_answer(tmp_path, "ours")
    (path,) = tmp_path.iterdir()
    assert b"the other's" in path.read_bytes()  # written last
