"""What a finished run leaves in its directory."""

from __future__ import annotations

import hashlib
import json
import math

import numpy as np
import pytest

from ablations.data.catalog import read
from ablations.errors import DataError
from ablations.ledger.records import Result, read_correct, read_history, read_result
from tests.reference.network import forward as slow_forward
from tests.support.running import train_into

KEYS = {
    *("schema", "study", "arm", "seed", "status", "reason", "fingerprint", "metrics", "epochs"),
    *("best_epoch", "updates", "parameters", "seconds", "environment", "started_at"),
    "finished_at",
}
METRICS = {
    "validation_accuracy",
    *("test_accuracy", "test_loss", "validation_accuracy_best", "validation_accuracy_last"),
    *("validation_loss_best", "train_loss_last", "weight_sparsity"),
    *("inference_microseconds_per_sample", "generalization_gap"),
}
DIVERGING = {"training.optimizer.learning_rate": 1e30, "training.epochs": 4}


def refuse_constant(name):
    raise AssertionError(f"{name} is not JSON")


def strictly_loaded(path):
    return [json.loads(x, parse_constant=refuse_constant) for x in path.read_text().splitlines()]


def strict_result(trained):
    return json.loads(trained.directory.result.read_text(), parse_constant=refuse_constant)


def test_result_holds_the_keys_of_the_contract(recipe, train):
    trained = train(recipe({"training.epochs": 3}), seed=7)
    result = strict_result(trained)
    assert result.keys() >= KEYS
    assert result["metrics"].keys() == METRICS
    assert {"compile", "train", "total"} == result["seconds"].keys()
    assert (result["study"], result["arm"], result["seed"]) == ("study", "arm", 7)
    assert (result["status"], result["reason"], result["schema"]) == ("completed", "", 1)
    assert (result["epochs"], result["updates"]) == (3, 9)
    assert result["environment"]["intra_op_threads"] == 1
    assert read_result(trained.directory.result) == trained.result


def test_result_agrees_with_the_history(recipe, train):
    trained = train(recipe({"training.epochs": 3, "training.optimizer.learning_rate": 0.3}))
    history, metrics = read_history(trained.directory.metrics), trained.result.metrics
    accuracies = [epoch["validation_accuracy"] for epoch in history]
    assert metrics["validation_accuracy_best"] == max(accuracies)
    assert metrics["validation_accuracy_last"] == metrics["validation_accuracy"] == accuracies[-1]
    assert metrics["validation_loss_best"] == min(epoch["validation_loss"] for epoch in history)
    assert metrics["train_loss_last"] == history[-1]["train_loss"]
    assert trained.result.best_epoch == accuracies.index(max(accuracies)) + 1


def test_metrics_have_one_line_an_epoch(recipe, train):
    trained = train(recipe({"training.epochs": 4, "training.clipping": "by_norm"}))
    lines = strictly_loaded(trained.directory.metrics)
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4]
    assert [line["updates"] for line in lines] == [3, 6, 9, 12]
    assert all(line["learning_rate"] == pytest.approx(0.01) for line in lines)
    wanted = {"train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "seconds"}
    assert wanted <= lines[0].keys()


def test_divergence_is_recorded_at_the_update_where_the_loss_became_not_finite(recipe, train):
    trained = train(recipe(DIVERGING))
    result, lines = strict_result(trained), strictly_loaded(trained.directory.metrics)
    assert result["status"] == "diverged"
    # The first loss is finite, its step throws the weights to 1e28, the second is not.
    assert result["updates"] == lines[-1]["updates"] == 2
    assert result["reason"] == "the training loss was not finite at update 2 (epoch 1)"
    assert lines[-1]["train_loss"] is None
    assert len(lines) == result["epochs"] == 1
    assert "test_accuracy" not in result["metrics"]
    assert all(math.isfinite(value) for value in result["metrics"].values())


def test_a_diverged_run_leaves_the_next_run_of_its_program_untouched(recipe, train):
    diverged = train(recipe(DIVERGING))
    after = train(recipe({"training.epochs": 4}), programs=diverged.programs)
    assert after.result.seconds["compile"] == 0
    assert after.result.status == "completed"
    assert after.epochs() == train(recipe({"training.epochs": 4})).epochs()


def test_checkpoint_is_kept_only_where_asked(recipe, train):
    kept, omitted = train(recipe()), train(recipe({"training.keep_checkpoint": False}))
    assert [path.name for path in kept.directory.checkpoint.iterdir()] == ["state.npz"]
    assert not omitted.directory.checkpoint.exists()
    assert kept.result.fingerprint != ""


def test_checkpoint_holds_model_optimizer_and_average(recipe, train):
    changes = {"training.optimizer": "adam", "training.weight_average": "ema"}
    state = train(recipe(changes)).state()
    names = {name.split("/", 2)[2] for name in state if not name.startswith("average")}
    assert {"hidden1/kernel", "outputs/bias", "iteration", "hidden1_kernel_momentum"} <= names
    assert sum(name.startswith("average/") for name in state) == 7
    (iteration,) = [name for name in state if name.endswith("/iteration")]
    assert state[iteration] == 3


def test_weight_sparsity_counts_kernel_weights_below_a_millionth(recipe, train):
    optimizer = {"name": "ftrl", "l1_regularization_strength": 0.05, "learning_rate": 0.1}
    changes = {"training.optimizer": optimizer, "model.normalization": "batch_norm"}
    trained = train(recipe(changes))
    kernels = [array for name, array in trained.state().items() if name.endswith("/kernel")]
    zeros = sum(int((abs(kernel) < 1e-6).sum()) for kernel in kernels)
    share = zeros / sum(kernel.size for kernel in kernels)
    assert trained.result.metrics["weight_sparsity"] == pytest.approx(share, abs=1e-12)
    assert 0.05 < share < 1


@pytest.mark.parametrize("activation", ["relu", "elu"])
def test_dead_units_are_reported_only_where_units_can_die(recipe, train, activation):
    metrics = train(recipe({"model.activation": activation})).result.metrics
    assert ("dead_unit_share" in metrics) == (activation == "relu")


def test_a_batch_larger_than_the_training_data_is_refused(recipe, train):
    with pytest.raises(DataError, match="batch"):
        train(recipe({"training.batch_size": 61}))


def test_data_that_changed_since_the_run_was_planned_is_refused(recipe, tensorflow, tmp_path):
    from ablations.data import catalog
    from ablations.ledger.paths import RunDirectory, RunsDirectory
    from ablations.study.expand import Run
    from ablations.training.run import TrainingRequest, train
    from ablations.training.trainers.compiled.programs import Programs

    def attempt(digest):
        run, directory = Run("study", "arm", 0, recipe()), RunDirectory(tmp_path)
        root = RunsDirectory(tmp_path)
        request = TrainingRequest(run, directory, {}, root, data_digest=digest)
        return train(request, Programs())

    with pytest.raises(DataError, match="study/arm/seed-0: its data changed since") as refused:
        attempt("0" * 64)
    assert "wants 000000000000" in str(refused.value)
    assert list(tmp_path.iterdir()) == []
    digest = catalog.digest("digits", None)
    assert attempt(digest).data_digest == digest


def test_a_run_keeps_which_test_examples_it_classified_correctly(recipe, train):
    trained = train(recipe({"training.epochs": 3, "training.optimizer.learning_rate": 0.3}))
    data = read("digits", None)
    outputs = slow_forward(trained.weights(), data.test_features.reshape(-1, 64) / 16.0, "elu")
    wanted = outputs[-1][1].argmax(axis=1) == data.test_labels
    assert trained.result.test_examples == len(wanted) == 360
    assert 0 < wanted.sum() < 360
    kept = np.unpackbits(np.frombuffer(trained.directory.correct.read_bytes(), np.uint8))
    assert kept[:360].astype(bool).tolist() == wanted.tolist()
    read_back = read_correct(trained.directory.correct, trained.result)
    assert read_back is not None
    assert read_back.tolist() == wanted.tolist()


def test_a_diverged_run_keeps_no_test_examples(recipe, train):
    trained = train(recipe(DIVERGING))
    assert not trained.directory.correct.exists()
    assert trained.result.test_examples == 0


def test_what_a_run_got_right_is_there_before_its_result(recipe, train, monkeypatch):
    found = []
    write = Result.write

    def noticed(result, path):
        found.append((path.parent / "correct.bin").is_file())
        write(result, path)

    monkeypatch.setattr(Result, "write", noticed)
    train(recipe())
    assert found == [True]


def test_a_result_tells_the_bits_of_the_trained_weights(recipe, train):
    one, again = (train(recipe({"training.epochs": 1}), seed=3) for _ in range(2))
    weights = [variable.numpy() for variable in again.program.model.trainable_variables]
    by_hand = hashlib.sha256()
    for array in weights:
        by_hand.update(f"{array.shape} {array.dtype};".encode() + array.tobytes())
    assert one.result.weights_digest == again.result.weights_digest == by_hand.hexdigest()
    other = train(recipe({"training.epochs": 1, "training.optimizer.learning_rate": 0.02}), seed=3)
    assert other.result.weights_digest != by_hand.hexdigest()


@pytest.mark.parametrize(
    ("metric", "status", "reason"),
    [("test_loss", "diverged", "test_loss is inf"), ("test_accuracy", "completed", "")],
)
def test_a_final_metric_that_is_not_finite_diverges_the_run_that_it_judges_alone(
    recipe, tmp_path, monkeypatch, tensorflow, metric, status, reason
):
    from ablations.training.trainers.compiled.trainer import CompiledTrainer
    from ablations.training.trainers.trainer import FinalScores

    found = {"test_loss": math.inf, "test_accuracy": 0.5}
    monkeypatch.setattr(CompiledTrainer, "test", lambda self: FinalScores(found))
    trained = train_into(tmp_path / "run", recipe({"training.epochs": 1}), metric=metric)
    result = trained.result
    assert (result.status, result.reason) == (status, reason)
    assert result.metrics["test_accuracy"] == 0.5
    assert "test_loss" not in result.metrics
    lost = "test_loss is inf: left out; a metric is a finite number of at most 1e+100"
    assert result.notes == ((lost,) if status == "completed" else ())
