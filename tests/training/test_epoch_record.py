"""One epoch's record: what is written of it, and under which names."""

from __future__ import annotations

import dataclasses
import math

import pytest

from ablations.training.epoch_record import EpochRecord

MEASURED = {"train_loss": 0.5, "learning_rate": 0.1, "seconds": 2.0, "validation_loss": math.nan}


def test_scalars_are_what_was_measured_in_its_order() -> None:
    record = EpochRecord(epoch=4, updates=12, metrics=MEASURED)
    assert list(record.scalars()) == ["updates", *MEASURED]
    assert record.scalars()["updates"] == 12
    assert record.seconds == 2.0
    assert record.losses() == {"train": 0.5}  # the other one is not finite


def test_another_task_has_names_of_its_own_and_its_stage() -> None:
    record = EpochRecord(4, 12, MEASURED, stage=1, own_task=False)
    assert list(record.scalars()) == [
        "updates",
        "pretraining_loss",
        "learning_rate",
        "seconds",
        "pretraining_validation_loss",
        "stage",
    ]
    assert record.losses() == {"train": 0.5}


def test_a_metric_that_nobody_declared_is_refused() -> None:
    with pytest.raises(ValueError, match="no metric of an epoch is declared as gradient_nrom"):
        EpochRecord(1, 3, {"gradient_nrom": 0.5})


def test_a_record_does_not_change() -> None:
    record = EpochRecord(1, 3, MEASURED)
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.epoch = 2  # type: ignore[misc]
