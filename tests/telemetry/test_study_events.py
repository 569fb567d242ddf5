"""The bands of an arm against Student's interval by SciPy's own distribution."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event

from ablations.analysis.infer.curves import learning_curve
from ablations.ledger.lines import by_step as steps_of
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


def drawn_histories(seeds: int) -> list[list[dict[str, float | None]]]:
    """Histories of other lengths and strides, some numbers of which were not measured."""
    draw = np.random.default_rng(7)
    found = []
    for _ in range(seeds):
        steps = np.sort(draw.choice(np.arange(0, 60, 5), size=draw.integers(6, 11), replace=False))
        lines: list[dict[str, float | None]] = []
        for step in steps.tolist():
            lost = draw.random() < 0.1
            lines.append({"epoch": step, "loss": None if lost else float(draw.normal())})
            lines.append({"epoch": step, "auc": float(draw.normal())})
        found.append(lines)
    return found


@pytest.mark.parametrize("seeds", [1, 2, 4])
def test_seeds_are_aligned_by_step_and_never_by_place(seeds: int) -> None:
    drawn = drawn_histories(seeds)
    for name in ("loss", "auc"):
        by_step: dict[int, list[float]] = {}
        for history in drawn:
            for line in history:
                if line.get(name) is not None:
                    by_step.setdefault(int(line["epoch"] or 0), []).append(line[name])
        expected = {n: np.mean(values) for n, values in by_step.items() if len(values) == seeds}
        bands = bands_of(drawn)
        found = {band.epoch: band.intervals[name][0] for band in bands if name in band.intervals}
        assert found == pytest.approx(expected)
        merged = [tuple(steps_of(history).values()) for history in drawn]
        curve = learning_curve(merged, name)
        drawn_means = dict(zip(curve.epochs, curve.means, strict=True)) if curve else {}
        assert drawn_means == pytest.approx(found)


def test_steps_of_other_strides_are_not_averaged_with_one_another() -> None:
    one = [{"epoch": step, "loss": float(step)} for step in (10, 20, 30)]
    other = [{"epoch": step, "loss": float(step)} for step in (20, 40, 60)]
    (band,) = bands_of([one, other])
    assert (band.epoch, band.intervals["loss"][0]) == (20, 20.0)
