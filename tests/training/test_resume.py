"""An interrupted run goes on where it was, to the same bits; what cannot be trusted is not used."""

from __future__ import annotations

import json
import math
import time

import numpy as np
import pytest

from ablations.ledger.paths import RunDirectory, RunsDirectory
from ablations.ledger.records import FileState, read_checkpoint_header
from ablations.study.expand import Run
from ablations.training.checkpoint import CheckpointInterval
from tests.support.running import TINY, Trained, recorded_events, same_bits

FRESH_PROGRAMS = True

EPOCHS = 5
CASES = {
    "plain": {},
    "random": {
        "model.activation": "rrelu",
        "model.dropout": 0.3,
        "model.input_dropout": 0.1,
        "model.normalization": "batch_norm",
        "training.optimizer": "nadam",
        "training.weight_average": {"name": "ema", "ramp": True},
        "training.clipping": "by_norm",
        "training.augmentation": {"shift_pixels": 1, "noise": 0.05},
        "training.schedule": {"name": "performance", "patience_epochs": 1},
        "training.early_stopping": {"patience_epochs": 4, "every_epochs": 2},
    },
    "float16": {
        "model.dropout": 0.2,
        "training.optimizer": "adam",
        "training.precision": {"name": "mixed_float16", "initial_scale": 1e9, "growth_steps": 2},
    },
    "schedule free": {
        "model.activation": "prelu",
        "training.optimizer": "schedule_free_adamw",
        "training.weight_average": {"name": "ema", "zero_debias": True},
    },
}


class Killed(BaseException):
    """Ends a training as no handler does."""


@pytest.fixture
def interrupted(tensorflow, tmp_path, monkeypatch):
    """Return a function that trains until an epoch has begun, and another that goes on."""
    from ablations.training import checkpoint
    from ablations.training.run import TrainingRequest, train
    from ablations.training.trainers.compiled.loop import EpochLoop
    from ablations.training.trainers.compiled.programs import Programs

    real = EpochLoop.run
    monkeypatch.setattr(checkpoint, "WRITING_SHARE", math.inf)  # a checkpoint each epoch

    def attempt(recipe, kill_in_epoch=None, programs=None, from_scratch=False):
        calls = {"left": math.inf if kill_in_epoch is None else kill_in_epoch}

        def run(loop, order, *rest):
            trace = real(loop, order, *rest)
            calls["left"] -= 1
            if calls["left"] == 0:
                raise Killed
            return trace

        monkeypatch.setattr(EpochLoop, "run", run)
        path = tmp_path / "interrupted"
        path.mkdir(exist_ok=True)
        directory, programs = RunDirectory(path), programs or Programs()
        run = Run("study", "arm", 0, recipe)
        request = TrainingRequest(
            run,
            directory,
            {"model.activation": "elu"},
            RunsDirectory(tmp_path / "root"),
            from_scratch=from_scratch,
        )
        try:
            return Trained(train(request, programs), directory, programs)
        except Killed:
            return directory

    return attempt


def same_run(one, other):
    return (
        one.metrics() == other.metrics()
        and one.epochs() == other.epochs()
        and same_bits(one.state(), other.state())
        and one.directory.correct.read_bytes() == other.directory.correct.read_bytes()
        and one.directory.layers.read_bytes() == other.directory.layers.read_bytes()
        and recorded_events(one.directory.path) == recorded_events(other.directory.path)
    )


@pytest.mark.parametrize("case", CASES)
def test_a_run_interrupted_twice_ends_with_the_same_bits(case, recipe, train, interrupted):
    wanted = recipe({**CASES[case], "training.epochs": EPOCHS})
    whole = train(wanted)
    first = int(np.random.default_rng(len(case)).integers(2, EPOCHS))
    directory = interrupted(wanted, kill_in_epoch=first, programs=whole.programs)
    assert read_checkpoint_header(directory.resume).epochs == first - 1
    interrupted(wanted, kill_in_epoch=1)  # in the first epoch that it goes on with
    finished = interrupted(wanted)
    assert finished.result.notes == (f"continued after epoch {first - 1} of {EPOCHS}",)
    assert same_run(whole, finished)
    assert [path.name for path in directory.checkpoint.iterdir()] == ["state.npz"]


def test_a_run_interrupted_in_each_of_its_stages_ends_with_the_same_bits(
    recipe, train, interrupted
):
    """Two levels of pretraining, then two stages of fine-tuning, the first one cached."""
    wanted = recipe(
        {
            "model.activation": "rrelu",
            "training.epochs": 4,
            "training.optimizer": "adam",
            "training.schedule": {"name": "performance", "patience_epochs": 1},
            "transfer.source": {"name": "autoencoder", "greedy": True, "noise": 0.1, "epochs": 2},
            "transfer.freeze": "hidden1",
            "transfer.cache": True,
            "transfer.unfreeze": [{"after_epochs": 2}],
        }
    )
    whole = train(wanted)
    saved = []
    for kill_in_epoch in (2, 2, 2, 2, 2):  # of those that are left: the 2nd, 3rd, 4th, 5th, 6th
        directory = interrupted(wanted, kill_in_epoch, programs=whole.programs)
        resumes = directory.path.parent.rglob("resume.npz")  # of shared stages, then the run's own
        saved += [[read_checkpoint_header(path).epochs for path in resumes]]
    assert saved == [[1], [], [3], [], [5]]
    finished = interrupted(wanted, programs=whole.programs)
    epochs = [note.split(" after ")[1] for note in finished.result.notes]
    assert epochs == [f"epoch {number} of 8" for number in (1, 3, 5)]
    assert same_run(whole, finished)
    records = [
        [(s.name, s.epochs, s.updates, s.losses) for s in run.result.stages]
        for run in (whole, finished)
    ]
    assert records[0] == records[1]


def test_the_checkpoint_of_a_finished_run_is_removed(recipe, interrupted):
    wanted = recipe({"training.epochs": 2, "training.keep_checkpoint": False})
    directory = interrupted(wanted, kill_in_epoch=2)
    assert directory.resume.exists()
    assert interrupted(wanted).result.notes == ("continued after epoch 1 of 2",)
    assert not directory.checkpoint.exists()


def tear(directory):
    damage(directory.resume)


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)


def damage_metrics(directory):
    damage(directory.metrics)


def damage_events(directory):
    damage(directory.events[0])


def cut(directory):
    content = directory.resume.read_bytes()
    directory.resume.write_bytes(content[: len(content) // 2])


def lose_metrics(directory):
    directory.metrics.write_bytes(directory.metrics.read_bytes()[:-5])


def rewrite(directory, **changes):
    """Change what the checkpoint says of where the run stands."""
    from ablations.training import checkpoint

    place = read_checkpoint_header(directory.resume).model_copy(update=changes)
    checkpoint.save(directory.resume, checkpoint.load(directory.resume), place)


def with_state(directory, *path, value):
    """Change one number of the non-tensor training state."""
    state = json.loads(json.dumps(read_checkpoint_header(directory.resume).progress))
    holder = state
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    rewrite(directory, progress=state)


def empty_progress(directory):
    rewrite(directory, progress={})


def malform_progress(directory):
    with_state(directory, "progress", "epochs", value="two")


def use_another_version(directory):
    with_state(directory, "momentum_state", value=1)


def lose_the_stages(directory):
    with_state(directory, "progress", "stages", value=[])


def rename_the_stage(directory):
    with_state(directory, "progress", "stages", 0, "name", value="pretrain")


def lose_the_history(directory):
    with_state(directory, "progress", "history", value=[{}, {}])


def lose_an_epoch(directory):
    with_state(directory, "progress", "epochs", value=1)


def break_an_array(directory):
    from ablations.training import checkpoint

    place, state = read_checkpoint_header(directory.resume), checkpoint.load(directory.resume)
    state["model/0/hidden1/kernel"] = state["model/0/hidden1/kernel"].astype("S8")
    checkpoint.save(directory.resume, state, place)


def use_another_schedule(directory):
    with_state(directory, "rates", value={"reductions": 1})


def use_early_stopping(directory):
    with_state(directory, "plateau", value={"best": 1.0, "best_epoch": 1})


def name_a_file_outside(directory):
    outside = directory.path.parent / "precious"
    outside.write_text("precious")
    rewrite(directory, files={"../precious": FileState(length=0, sha256="")})


def change_architecture(directory):
    from ablations.training import checkpoint

    place, state = read_checkpoint_header(directory.resume), checkpoint.load(directory.resume)
    state["model/0/hidden1/kernel"] = state["model/0/hidden1/kernel"][:, :-1]
    checkpoint.save(directory.resume, state, place)


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (tear, "it is damaged: its checksum is not that of its content"),
        (damage_metrics, "metrics.jsonl is not what it was"),
        (damage_events, "is not what it was"),
        (lose_the_history, "its counts of epochs and updates do not agree"),
        (lose_an_epoch, "its counts of epochs and updates do not agree"),
        (break_an_array, "model/0/hidden1/kernel is (64, 8) |S8, not (64, 8) float32"),
        (cut, "it cannot be read"),
        (lose_metrics, "metrics.jsonl is shorter than it was"),
        (empty_progress, "it is of another version: progress: Field required"),
        (malform_progress, "it is of another version: progress.epochs: Input should be a valid"),
        (use_another_version, "it is of another version: momentum_state: Extra inputs"),
        (lose_the_stages, "its counts of epochs and updates do not agree"),
        (rename_the_stage, "it is of other stages: pretrain"),
        (use_another_schedule, "it is of another learning-rate schedule"),
        (use_early_stopping, "it is of another early stopping"),
        (name_a_file_outside, "../precious is none of its files"),
        (
            change_architecture,
            "another architecture: model/0/hidden1/kernel is (64, 7) float32, not",
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_checkpoint_that_cannot_be_trusted_is_named_and_not_used(
    harm, reason, recipe, train, interrupted
):
    wanted = recipe({"training.epochs": 3})
    whole = train(wanted)
    harm(interrupted(wanted, kill_in_epoch=3, programs=whole.programs))
    finished = interrupted(wanted, programs=whole.programs)
    (note,) = finished.result.notes
    assert note.startswith("started anew, as its checkpoint is of no use: ")
    assert reason in note
    assert same_run(whole, finished)
    outside = finished.directory.path.parent / "precious"
    assert not outside.exists() or outside.read_text() == "precious"


@pytest.mark.parametrize(
    ("plateau", "reason"),
    [({"best": 1.0}, "the state of early stopping lacks 'best_epoch'"),
     ({"best": 1.0, "best_epoch": 0}, "another architecture: the best weights do not fit")],
)  # fmt: skip
def test_a_malformed_state_of_early_stopping_is_not_used(plateau, reason, recipe, interrupted):
    wanted = recipe({"training.epochs": 3, "training.early_stopping": "patience"})
    directory = interrupted(wanted, kill_in_epoch=3)
    with_state(directory, "plateau", value=plateau)
    finished = interrupted(wanted)
    assert reason in finished.result.notes[0]
    assert finished.result.status == "completed"


def test_a_checkpoint_of_another_recipe_is_not_used(recipe, train, interrupted):
    other = recipe({"training.epochs": 3, "training.optimizer.learning_rate": 0.5})
    wanted = recipe({"training.epochs": 3})
    interrupted(other, kill_in_epoch=3)
    finished = interrupted(wanted)
    assert "another recipe, data set or version of the code" in finished.result.notes[0]
    assert same_run(train(wanted), finished)


def test_a_run_that_is_asked_for_anew_starts_anew(recipe, interrupted):
    wanted = recipe({"training.epochs": 3})
    interrupted(wanted, kill_in_epoch=3)
    assert interrupted(wanted, from_scratch=True).result.notes == ()


def test_a_training_that_goes_on_removes_what_an_earlier_end_left(recipe, interrupted):
    directory = interrupted(recipe({"training.epochs": 3}), kill_in_epoch=3)
    for path in (directory.result, directory.correct):
        path.write_bytes(b"of an earlier end")
    interrupted(recipe({"training.epochs": 3}), kill_in_epoch=1)
    assert not directory.result.exists()
    assert not directory.correct.exists()


def test_a_short_run_writes_no_checkpoint_and_a_long_one_at_most_every_fiftieth_of_its_time():
    interval = CheckpointInterval()
    assert not interval.due
    interval.restart(time.perf_counter() - 2)  # as if writing had taken 2 s, ending now
    interval._last -= 2 * 50 - 1
    assert not interval.due
    interval._last -= 2
    assert interval.due


def test_an_interrupted_run_that_had_already_ended_its_last_epoch_only_finishes(
    recipe, train, interrupted, monkeypatch
):
    from ablations.ledger.records import Result

    wanted = recipe({"training.epochs": 2})
    whole = train(wanted)

    def killed(result, path):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Result, "write", killed)
        directory = interrupted(wanted, programs=whole.programs)
    assert read_checkpoint_header(directory.resume).epochs == 2
    finished = interrupted(wanted, programs=whole.programs)
    assert finished.result.notes == ("continued after epoch 2 of 2",)
    assert same_run(whole, finished)
    assert json.loads(finished.directory.result.read_text())["epochs"] == 2
    assert TINY["training"]["keep_checkpoint"]  # so the final state was there before
