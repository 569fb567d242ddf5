"""How far a training has come: each epoch's record gives the next progress, in a checkpoint too."""

from __future__ import annotations

import json
import math

import pytest
from pydantic import ValidationError

from ablations.ledger.records import StageRecord
from ablations.training.epoch_record import EpochRecord
from ablations.training.training_state import Progress, TrainingState


def record(epoch: int, updates: int, accuracy: float, own_task: bool = True) -> EpochRecord:
    metrics = {"train_loss": 1 / epoch, "seconds": 0.5, "validation_accuracy": accuracy}
    return EpochRecord(epoch, updates, metrics, stage=1 if not own_task else 2, own_task=own_task)


def two_stages() -> Progress:
    progress = Progress(notes=("a note",)).begin_stage("pretrain")
    progress = progress.after_epoch(record(1, 10, 0.9, own_task=False)).begin_stage("train")
    progress = progress.add_train_seconds(0.25).after_epoch(record(2, 13, 0.5))
    return progress.after_epoch(record(3, 16, 0.7)).after_epoch(record(4, 19, 0.7))


def test_epochs_updates_and_seconds_are_counted_by_stage_and_over_all() -> None:
    progress = two_stages()
    assert (progress.epochs, progress.updates, progress.train_seconds) == (4, 19, 2.25)
    first, second = progress.stages
    assert first == StageRecord(
        name="pretrain", epochs=1, updates=10, seconds=0.5, losses={"train": 1.0}
    )
    assert second == StageRecord(
        name="train", epochs=3, updates=9, seconds=1.75, losses={"train": 0.25}
    )


def test_best_and_summaries_are_of_the_recipes_own_task() -> None:
    progress = two_stages()
    assert [line["epoch"] for line in progress.history] == [2, 3, 4]
    assert progress.best_epoch() == 3  # the first of equals
    assert progress.summaries() == {
        "validation_accuracy": 0.7,
        "validation_accuracy_best": 0.7,
        "validation_accuracy_last": 0.7,
        "train_loss_last": 0.25,
    }
    assert Progress().best_epoch() is None


def test_what_is_not_finite_after_the_last_epoch_is_not_that_of_an_earlier_one() -> None:
    last = two_stages().after_epoch(record(5, 22, math.nan))
    found = last.summaries()
    assert found["validation_accuracy_best"] == 0.7
    assert math.isnan(found["validation_accuracy_last"])
    assert math.isnan(found["validation_accuracy"])
    diverged = last.model_copy(update={"reason": "train_loss is nan"})
    assert diverged.summaries()["validation_accuracy_last"] == 0.7  # what it reached


def test_the_validation_accuracy_is_that_of_the_epoch_whose_weights_are_tested() -> None:
    progress = two_stages()
    assert (
        progress.summaries(tested_epoch=2)["validation_accuracy"]
        == progress.history[0]["validation_accuracy"]
        != progress.history[-1]["validation_accuracy"]
    )


def test_progress_is_the_same_after_a_checkpoint() -> None:
    state = TrainingState(progress=two_stages(), rates={"reductions": 1}, plateau=None)
    assert TrainingState.model_validate(json.loads(state.model_dump_json())) == state


OF_0_2_0 = {  # as that version wrote it
    "progress": {
        "epochs": 2,
        "updates": 6,
        "reason": "",
        "stopped": False,
        "notes": ["continued after epoch 1 of 3"],
        "compile_seconds": 1.5,
        "train_seconds": 0.25,
        "seconds": 2.5,
        "stages": [
            {
                "name": "train",
                "epochs": 2,
                "updates": 6,
                "seconds": 0.25,
                "losses": {"train": 2.25, "validation": 2.5},
            }
        ],
        "history": [
            {"epoch": 1, "updates": 3, "train_loss": 2.5, "validation_accuracy": 0.25},
            {"epoch": 2, "updates": 6, "train_loss": 2.25, "validation_accuracy": 0.5},
        ],
    },
    "rates": {"reductions": 0, "best": 2.5, "best_epoch": 2},
    "plateau": {"best": 2.5, "best_epoch": 2},
}


def test_the_state_in_a_checkpoint_of_version_0_2_0_is_read() -> None:
    state = TrainingState.model_validate(OF_0_2_0)
    assert state.model_dump(mode="json") == OF_0_2_0
    assert state.progress.best_epoch() == 2


@pytest.mark.parametrize("place", [("progress", "epochs"), ("progress", "stages"), ("rates",)])
def test_a_malformed_state_is_refused(place: tuple[str, ...]) -> None:
    malformed = json.loads(json.dumps(OF_0_2_0))
    holder = malformed
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = "?"
    with pytest.raises(ValidationError, match=place[-1]):
        TrainingState.model_validate(malformed)


def test_a_state_with_what_this_version_does_not_know_is_refused() -> None:
    with pytest.raises(ValidationError, match="momentum_state"):
        TrainingState.model_validate({**OF_0_2_0, "momentum_state": 1})
