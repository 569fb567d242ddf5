"""Normalization against the formulas, and the statistics that testing uses."""

from __future__ import annotations

import numpy as np
import pytest

from ablations.techniques.normalization import NORMALIZATIONS
from tests.reference import normalization as oracle

BATCH = np.random.default_rng(5).normal(3.0, 2.0, (16, 4)).astype(np.float32)
EXACT = {"rtol": 1e-5, "atol": 1e-5}


def build(name, **parameters):
    layer = NORMALIZATIONS.find(name)(**parameters).layer(name, {})
    layer.build(BATCH.shape)
    return layer


def names(layer):
    return [variable.name for variable in layer.trainable_variables]


def parameter_paths(recipe, changes):
    model = recipe(changes).model.build((8, 8), 10)
    return [variable.path for variable in model.trainable_variables], [x.name for x in model.layers]


def test_batch_norm_training_normalizes_by_the_batch(tensorflow):
    layer = build("batch_norm")
    gamma, beta = np.array([1.0, 2.0, 0.5, -1.0]), np.array([0.0, 1.0, -1.0, 2.0])
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    wanted, _, _ = oracle.batch_norm_training(BATCH.astype(float), gamma, beta, 1e-3)
    np.testing.assert_allclose(layer(BATCH, training=True), wanted, **EXACT)


@pytest.mark.parametrize("momentum", [0.9, 0.99])
def test_batch_norm_moves_its_statistics_by_one_minus_momentum(tensorflow, momentum):
    layer = build("batch_norm", momentum=momentum)
    mean, variance = np.zeros(4), np.ones(4)
    for shift in (0.0, 1.0, 5.0):
        layer(BATCH + np.float32(shift), training=True)
        _, m, v = oracle.batch_norm_training(BATCH.astype(float) + shift, 1.0, 0.0, 1e-3)
        mean = momentum * mean + (1 - momentum) * m
        variance = momentum * variance + (1 - momentum) * v
    np.testing.assert_allclose(layer.moving_mean, mean, **EXACT)
    np.testing.assert_allclose(layer.moving_variance, variance, **EXACT)


def test_batch_norm_testing_uses_the_moving_statistics_and_leaves_them(tensorflow):
    layer = build("batch_norm")
    mean, variance = np.array([1.0, -2.0, 0.5, 3.0]), np.array([4.0, 0.25, 1.0, 9.0])
    layer.moving_mean.assign(mean)
    layer.moving_variance.assign(variance)
    wanted = oracle.batch_norm_testing(BATCH.astype(float), 1.0, 0.0, mean, variance, 1e-3)
    np.testing.assert_allclose(layer(BATCH, training=False), wanted, **EXACT)
    np.testing.assert_array_equal(layer.moving_mean, mean)
    by_batch, _, _ = oracle.batch_norm_training(BATCH.astype(float), 1.0, 0.0, 1e-3)
    assert np.abs(wanted - by_batch).max() > 0.1  # the two cannot be mistaken


def test_the_training_loop_moves_the_statistics_and_the_evaluation_uses_them(recipe, train):
    changes = {"model.normalization": {"name": "batch_norm", "momentum": 0.9}}
    trained = train(recipe({**changes, "model.hidden": [5], "training.epochs": 2}))
    state = {name.split("/", 2)[-1]: array for name, array in trained.state().items()}
    mean = state["batch_norm1/moving_mean"]
    variance = state["batch_norm1/moving_variance"]
    assert (mean != 0).all()
    assert (variance != 1).all()
    pixels = np.random.default_rng(0).integers(0, 17, (7, 8, 8)).astype(np.uint8)
    z = pixels.reshape(7, 64) / 16 @ state["hidden1/kernel"].astype(float)
    gamma, beta = state["batch_norm1/gamma"], state["batch_norm1/beta"]
    normal = oracle.batch_norm_testing(z, gamma, beta, mean, variance, 1e-3)
    hidden = np.where(normal > 0, normal, np.exp(np.minimum(normal, 0)) - 1)
    logits = hidden @ state["outputs/kernel"] + state["outputs/bias"]
    answered = trained.program.evaluation._logits(pixels)
    np.testing.assert_allclose(answered, logits, rtol=1e-4, atol=1e-4)


def test_layer_norm_normalizes_each_example(tensorflow):
    layer = build("layer_norm")
    gamma, beta = np.array([1.0, 2.0, 0.5, -1.0]), np.array([0.0, 1.0, -1.0, 2.0])
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    wanted = oracle.layer_norm(BATCH.astype(float), gamma, beta, 1e-3)
    for training in (True, False):
        np.testing.assert_allclose(layer(BATCH, training=training), wanted, **EXACT)


@pytest.mark.parametrize("name", ["batch_norm", "layer_norm"])
def test_scale_false_drops_gamma(tensorflow, name):
    assert names(build(name)) == ["gamma", "beta"]
    assert names(build(name, scale=False)) == ["beta"]


@pytest.mark.parametrize("name", ["batch_norm", "layer_norm"])
def test_before_the_activation_it_replaces_the_bias(tensorflow, recipe, name):
    paths, layers = parameter_paths(recipe, {"model.hidden": [5], "model.normalization": name})
    assert paths == [
        "hidden1/kernel",
        f"{name}1/gamma",
        f"{name}1/beta",
        "outputs/kernel",
        "outputs/bias",
    ]
    assert layers == ["pixels", "flatten", "hidden1", f"{name}1", "elu1", "outputs"]


def test_after_the_activation_the_bias_stays(tensorflow, recipe):
    normalization = {"name": "batch_norm", "position": "after"}
    changes = {"model.hidden": [5], "model.normalization": normalization}
    paths, layers = parameter_paths(recipe, changes)
    assert "hidden1/bias" in paths
    assert layers == ["pixels", "flatten", "hidden1", "elu1", "batch_norm1", "outputs"]


def test_on_the_logits_it_replaces_the_outputs_bias(tensorflow, recipe):
    normalization = {"name": "batch_norm", "on_logits": True}
    changes = {"model.hidden": [5], "model.normalization": normalization}
    paths, layers = parameter_paths(recipe, changes)
    assert "outputs/bias" not in paths
    assert layers[-2:] == ["outputs", "batch_norm_outputs"]
    assert paths[-2:] == ["batch_norm_outputs/gamma", "batch_norm_outputs/beta"]


@pytest.mark.parametrize("scale", [True, False])
def test_the_derivative_of_batch_norm_is_that_of_keras(tensorflow, scale):
    import keras
    import tensorflow as tf

    ours = build("batch_norm", scale=scale)
    theirs = keras.layers.BatchNormalization(epsilon=1e-3, scale=scale)
    theirs.build(BATCH.shape)
    for one, other in zip(ours.trainable_variables, theirs.trainable_variables, strict=True):
        values = np.random.default_rng(6).normal(1.0, 0.5, one.shape)
        one.assign(values)
        other.assign(values)
    pull = tf.constant(np.random.default_rng(7).normal(size=BATCH.shape), tf.float32)
    found = []
    for layer in (ours, theirs):
        inputs = tf.constant(BATCH)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = tf.reduce_sum(layer(inputs, training=True) * pull)
        wanted = [inputs, *(variable.value for variable in layer.trainable_variables)]
        found.append(tape.gradient(loss, wanted))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
        assert np.abs(other).max() > 0.1


def test_a_frozen_batch_norm_and_images_are_left_to_keras(tensorflow):
    layer = build("batch_norm")
    layer.trainable = False
    layer(BATCH, training=True)
    np.testing.assert_array_equal(layer.moving_mean, np.zeros(4))
    images = np.random.default_rng(5).normal(3.0, 2.0, (6, 5, 5, 4)).astype(np.float32)
    layer = NORMALIZATIONS.find("batch_norm")().layer("images", {})
    wanted, mean, _ = oracle.batch_norm_training(
        images.reshape(-1, 4).astype(float), 1.0, 0.0, 1e-3
    )
    got = layer(images, training=True)
    np.testing.assert_allclose(np.reshape(got, (-1, 4)), wanted, **EXACT)
    np.testing.assert_allclose(layer.moving_mean, 0.01 * mean, **EXACT)
