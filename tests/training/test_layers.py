"""The diagnostics of layers that a run leaves, against Keras, and against the model itself."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ablations.analysis.read.layers import read_layers
from ablations.data.catalog import read
from ablations.data.split import split
from ablations.ledger.paths import RunDirectory
from ablations.study.layer_metrics import LAYER_METRICS
from tests.support.running import same_bits

ONE_STEP = {"training.batch_size": 60, "telemetry.gradient_samples_per_epoch": 1}
"""An epoch of one step, on all examples."""


def layers_of(run, epoch):
    (found,) = [each for each in read_layers(run.directory.layers).epochs if each.epoch == epoch]
    return found.layers


def initial_model(run, recipe, seed=0):
    program = run.program
    program.reset(recipe, seed)
    return program.model


def test_the_gradient_norm_equals_that_of_a_gradient_tape_on_the_same_batch(
    tensorflow, recipe, train
):
    import keras

    wanted = recipe(ONE_STEP)
    run = train(wanted)
    found = layers_of(run, 1)
    data = read("digits", None)
    rows, _ = split(wanted.data, len(data.train_labels), 0)
    features, labels = data.train_features[rows] / 16.0, data.train_labels[rows]
    model = initial_model(run, wanted)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with tensorflow.GradientTape() as tape:
        value = loss(labels, model(features.astype(np.float32), training=True))
    kernels = [model.get_layer(name).kernel for name in ("hidden1", "hidden2", "outputs")]
    gradients = tape.gradient(value, [kernel.value for kernel in kernels])
    assert list(found) == ["hidden1", "hidden2", "outputs"]
    for name, gradient in zip(found, gradients, strict=True):
        norm = np.linalg.norm(gradient.numpy().astype(np.float64))
        assert found[name]["gradient_norm"] == pytest.approx(norm, rel=1e-5)
        ratio = 0.01 * norm / np.linalg.norm(before[name][0])  # SGD at a rate of 0.01
        assert found[name]["update_ratio"] == pytest.approx(ratio, rel=1e-3)


def test_activations_are_those_of_the_probe_batch_after_the_epoch(recipe, train):
    wanted = recipe({**ONE_STEP, "model.activation": "relu", "model.hidden": [40, 30]})
    run = train(wanted)
    found = layers_of(run, 1)
    data = read("digits", None)
    _, rows = split(wanted.data, len(data.train_labels), 0)
    signal = data.train_features[rows].reshape(30, 64) / 16.0
    kernels = run.weights()
    for number, name in enumerate(("hidden1", "hidden2")):
        signal = np.maximum(signal @ kernels[2 * number] + kernels[2 * number + 1], 0)
        wanted_values = {
            "activation_mean": signal.mean(),
            "activation_deviation": signal.std(),
            "dead_share": (signal == 0).all(axis=0).mean(),
        }
        got = {key: found[name][key] for key in wanted_values}
        assert got == pytest.approx(wanted_values, rel=1e-4)
        assert "saturated_share" not in found[name]
    assert set(found["outputs"]) == {"gradient_norm", "update_ratio"}


def test_saturated_units_are_those_beyond_the_bounds_on_most_of_the_probe_batch(recipe, train):
    wide = {"name": "random_normal", "stddev": 2.0}
    changes = {"model.activation": "tanh", "model.initializer": wide, "model.hidden": [50, 40]}
    run = train(recipe({**ONE_STEP, **changes}))
    data = read("digits", None)
    _, rows = split(recipe().data, len(data.train_labels), 0)
    signal = data.train_features[rows].reshape(30, 64) / 16.0
    kernels = run.weights()
    for number, name in enumerate(("hidden1", "hidden2")):
        signal = np.tanh(signal @ kernels[2 * number] + kernels[2 * number + 1])
        flat = 1 - signal**2 <= 0.05  # the slope, of 1 at the most
        wanted = (flat.mean(axis=0) >= 0.95).mean()
        assert layers_of(run, 1)[name]["saturated_share"] == pytest.approx(wanted, abs=1e-6)
        assert "dead_share" not in layers_of(run, 1)[name]
        assert 0.01 < wanted < 1


def test_a_line_holds_an_observed_epoch_with_its_updates(recipe, train):
    run = train(recipe({"training.epochs": 5, "telemetry.histograms_every_epochs": 2}))
    lines = [json.loads(line) for line in run.directory.layers.read_text().splitlines()]
    assert [(line["epoch"], line["updates"]) for line in lines] == [(2, 6), (4, 12), (5, 15)]
    assert list(lines[0]) == ["epoch", "updates", "layers", "crc32"]
    for line in lines:
        assert all(set(values) <= set(LAYER_METRICS) for values in line["layers"].values())


def test_a_linear_model_trains_and_has_no_layers_to_observe(recipe, train):
    run = train(
        recipe({"model.hidden": [], "training.epochs": 2, "telemetry.histograms_every_epochs": 1})
    )
    assert run.result.status == "completed"
    assert run.result.parameters == sum(v.size for v in run.state().values() if v.ndim)
    assert not run.directory.layers.exists()


def test_a_run_that_records_nothing_leaves_no_file_and_the_same_bits(recipe, train):
    loud, quiet = (
        train(recipe({"telemetry.histograms_every_epochs": every, "training.epochs": 2}))
        for every in (1, 0)
    )
    assert loud.directory.layers.exists()
    assert not quiet.directory.layers.exists()
    assert same_bits(loud.state(), quiet.state())


def test_stages_of_another_task_leave_no_layers(recipe, train):
    source = {"name": "autoencoder", "epochs": 2}
    run = train(recipe({"transfer.source": source, "training.epochs": 2}))
    epochs = [epoch.epoch for epoch in read_layers(run.directory.layers).epochs]
    assert epochs == [3, 4]  # the two before are the autoencoder's
    assert len(run.epochs()) == 4
    stages = list((run.directory.path / "root").rglob("layers.jsonl"))
    assert stages == []


def test_a_cnn_and_a_recurrent_network_are_in_the_order_of_their_depth(recipe, train):
    cnn = {"name": "cnn", "filters": [2, 3], "hidden": [4], "activation": "relu"}
    rnn = {"name": "rnn", "hidden": [5, 4]}
    assert list(layers_of(train(recipe({"model": cnn})), 1)) == [
        "convolution1", "convolution2", "hidden1", "outputs",
    ]  # fmt: skip
    found = layers_of(train(recipe({"model": rnn})), 1)
    assert list(found) == [
        "hidden1", "hidden1/cell", "hidden1/cell/recurrent_kernel",
        "hidden2", "hidden2/cell", "hidden2/cell/recurrent_kernel", "outputs",
    ]  # fmt: skip
    assert set(found["hidden1"]) == {
        "saturated_share", "activation_mean", "activation_deviation",
    }  # fmt: skip
    assert set(found["hidden2/cell/recurrent_kernel"]) == {"gradient_norm", "update_ratio"}


def test_what_is_not_finite_is_null_in_the_file_and_named_by_its_reader(recipe, train):
    run = train(recipe({"training.optimizer.learning_rate": 1e30, "training.epochs": 3}))
    assert run.result.status == "diverged"
    history = read_layers(run.directory.layers)
    assert history.damage == ""
    assert any(epoch.not_finite for epoch in history.epochs)


def test_the_good_lines_before_a_damaged_one_are_read_and_the_damage_is_named(tmp_path, train):
    directory = RunDirectory(tmp_path)
    assert read_layers(directory.layers).epochs == ()
    from ablations.ledger.lines import append_line

    for epoch in (1, 2, 3):
        layers = {"hidden1": {"gradient_norm": 0.5 * epoch, "update_ratio": None}}
        append_line(directory.layers, {"epoch": epoch, "updates": 9 * epoch, "layers": layers})
    whole = read_layers(directory.layers)
    assert (whole.damage, len(whole.epochs)) == ("", 3)
    assert whole.epochs[1].layers == {"hidden1": {"gradient_norm": 1.0}}
    assert whole.epochs[1].not_finite == {"hidden1": ("update_ratio",)}
    content = directory.layers.read_bytes()
    for damaged, lines, damage in (
        (content.replace(b"1.0", b"1.5"), 1, "line 2 is damaged"),
        (content[:-9], 2, "its last line is torn"),
        (b"\0" + content, 0, "line 1 is damaged"),
        (b'{"epoch": 1, "updates": 1, "layers": {"a": 3}}\n', 0, "line 1 holds no layers"),
    ):
        directory.layers.write_bytes(damaged)
        found = read_layers(directory.layers)
        assert (len(found.epochs), found.damage) == (lines, damage)
