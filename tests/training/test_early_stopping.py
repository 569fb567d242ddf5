"""Early stopping: when it stops, what it restores, and what the result says."""

from __future__ import annotations

import numpy as np
import pytest

from ablations.techniques.plateau import Plateau
from ablations.training.trainers.compiled.early_stopping import EarlyStoppingCallback
from tests.support.running import make_recipe

WILD = {"training.optimizer.learning_rate": 1.5, "training.epochs": 12}  # the loss goes up and down


def stopping(**settings):
    return {"training.early_stopping": settings}


class Weights:
    """Stands in for a program: one variable, which says at which epoch it was read."""

    def __init__(self, tensorflow):
        self.weights = [tensorflow.Variable(0.0)]


def watch(tensorflow, losses, **settings):
    """Return the epochs after which it stopped, and the epoch of the weights it restored."""
    program = Weights(tensorflow)
    technique = make_recipe(stopping(**settings)).training.early_stopping
    callback = EarlyStoppingCallback(technique, len(losses))
    for epoch, loss in enumerate(losses, start=1):
        program.weights[0].assign(float(epoch))
        metrics = {"validation_loss": loss, "validation_accuracy": 1 - loss}
        if callback.on_epoch_end(epoch, metrics, program):
            break
    callback.restore_best_weights(program)
    return epoch, int(program.weights[0].numpy()), callback.plateau


@pytest.mark.parametrize("monitor", ["validation_loss", "validation_accuracy"])
@pytest.mark.parametrize(
    ("settings", "stopped", "restored"),
    [
        ({"patience_epochs": 1}, 4, 3),
        ({"patience_epochs": 2}, 5, 3),
        ({"patience_epochs": 3}, 8, 8),
        ({"patience_epochs": 2, "min_delta": 0.15}, 3, 1),
        ({"patience_epochs": 2, "every_epochs": 2}, 4, 2),
        ({"patience_epochs": 5, "every_epochs": 3}, 8, 8),
        ({"patience_epochs": 100, "every_epochs": 50}, 8, 8),
    ],
    ids=str,
)
def test_stops_after_the_patience_and_restores_the_best(
    tensorflow, settings, stopped, restored, monitor
):
    losses = [0.5, 0.45, 0.4, 0.9, 0.8, 0.39, 0.6, 0.3]
    epoch, kept, plateau = watch(tensorflow, losses, monitor=monitor, **settings)
    assert (epoch, kept) == (stopped, restored)
    assert plateau.best_epoch == restored


def test_what_a_resume_needs_is_plain(tensorflow):
    _, _, plateau = watch(tensorflow, [0.5, 0.4, 0.6])
    assert plateau.to_dict() == {"best": 0.4, "best_epoch": 2}
    assert Plateau.from_dict(plateau.to_dict()) == plateau


@pytest.fixture(scope="module")
def stopped(tensorflow, tmp_path_factory):
    """A run that stopped early, averaged, normalized and scheduled."""
    from tests.support.running import train_into

    changes = {
        **WILD,
        **stopping(patience_epochs=2),
        "training.weight_average": {"name": "ema", "decay": 0.5},
        "model.normalization": "batch_norm",
        "training.schedule": {"name": "inverse_time", "decay_per_epoch": 0.1},
    }
    path = tmp_path_factory.mktemp("stopped")
    run = train_into(path / "run", make_recipe(changes))
    best = run.result.best_epoch
    cut = {**changes, "training.epochs": best, "training.early_stopping": None}
    return run, train_into(path / "cut", make_recipe(cut))


def test_it_stops_before_the_end_and_says_at_which_epoch_it_was_best(stopped):
    run, _ = stopped
    losses = [line["validation_loss"] for line in run.epochs()]
    assert run.result.epochs == len(losses) < 12
    assert run.result.best_epoch == int(np.argmin(losses)) + 1 == len(losses) - 2
    assert run.result.updates == 3 * len(losses)
    assert run.result.status == "completed"


def test_the_validation_accuracy_is_that_of_the_tested_weights_and_their_averages(stopped):
    run, cut = stopped
    lines = run.epochs()
    raw = [line["validation_accuracy_raw"] for line in lines]
    assert raw != [line["validation_accuracy"] for line in lines]
    tested = lines[run.result.best_epoch - 1]
    assert run.result.metrics["validation_accuracy"] == tested["validation_accuracy"]
    assert cut.result.metrics["validation_accuracy"] == tested["validation_accuracy"]
    assert run.result.metrics["validation_accuracy_last"] != tested["validation_accuracy"]


def test_the_best_weights_and_averages_come_back_bit_for_bit(stopped):
    run, cut = stopped
    names = [name for name in cut.state() if name.startswith(("model/", "average/"))]
    assert any("moving_mean" in name for name in names)
    assert any(name.startswith("average/") for name in names)
    for name in names:
        assert run.state()[name].tobytes() == cut.state()[name].tobytes(), name
    for name in ("test_loss", "test_accuracy", "test_accuracy_raw", "generalization_gap"):
        assert run.result.metrics[name] == cut.result.metrics[name]


def test_without_a_stop_the_best_weights_are_tested_all_the_same(recipe, train):
    changes = {**WILD, "training.epochs": 11}
    run = train(recipe({**changes, **stopping(patience_epochs=100)}))
    plain = train(recipe(changes))
    losses = [line["validation_loss"] for line in plain.epochs()]
    assert run.epochs() == plain.epochs()
    assert run.result.epochs == 11
    assert run.result.best_epoch == int(np.argmin(losses)) + 1 < 11
    assert run.metrics()["test_loss"] != plain.metrics()["test_loss"]


def test_the_generalization_gap_is_that_of_the_tested_weights(tensorflow, recipe, train):
    from ablations.data.catalog import read
    from ablations.data.split import split

    settings = recipe({**WILD, **stopping(patience_epochs=2)})
    run, data = train(settings), read("digits", None)
    rows, validation = split(settings.data, len(data.train_labels), 0)

    def accuracy(rows):
        logits = run.program.model(data.train_features[rows].astype(np.float32) / 16).numpy()
        return (logits.argmax(axis=1) == data.train_labels[rows]).mean()

    wanted = accuracy(rows[:30]) - accuracy(validation)  # 30 examples validate, 60 train
    assert run.result.metrics["generalization_gap"] == pytest.approx(wanted, abs=1e-9)
