"""Models against NumPy, their parameters against what Keras built, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ablations.errors import ModelError
from ablations.techniques.models import MODELS
from tests.reference import models as reference
from tests.support.running import make_recipe
from tests.techniques.test_catalogue import refusal

PIXELS = np.random.default_rng(0).normal(size=(5, 6, 4))
EVERY_OPTION = {
    "normalization": [None, "batch_norm", {"name": "layer_norm", "on_logits": True}],
    "activation": ["relu", "prelu"],
}


def technique(name, **settings):
    return make_recipe({"model": {"name": name, **settings}}).model


def built(model, shape=(6, 4), classes=3):
    """A Keras model whose weights are all drawn, biases too, and these weights for NumPy."""
    keras_model = model.build(shape, classes)
    generator = np.random.default_rng(1)
    for variable in keras_model.trainable_variables:
        variable.assign(generator.normal(size=variable.shape, scale=0.5))
    return keras_model, [v.numpy().astype(np.float64) for v in keras_model.trainable_variables]


def check(keras_model, x, wanted):
    got = np.asarray(keras_model(x.astype(np.float32), training=False))
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("cell", reference.CELLS)
@pytest.mark.parametrize("hidden", [[7], [5, 7]])
def test_a_recurrent_network_reads_row_by_row(tensorflow, cell, hidden):
    keras_model, weights = built(technique("rnn", cell=cell, hidden=hidden))
    check(keras_model, PIXELS, reference.rnn(weights, PIXELS, cell))


def test_a_recurrent_network_joins_the_channels_of_a_row(tensorflow):
    colour = np.random.default_rng(2).normal(size=(5, 6, 2, 3))
    keras_model, weights = built(technique("rnn", hidden=[4]), (6, 2, 3))
    check(keras_model, colour, reference.rnn(weights, colour.reshape(5, 6, 6), "simple"))


@pytest.mark.parametrize("filters", [[3], [3, 5]])
@pytest.mark.parametrize(("size", "kernel"), [(1, 1), (2, 3)])
def test_a_convolutional_network_convolves_and_pools(tensorflow, filters, size, kernel):
    model = technique(
        "cnn", filters=filters, pool=size, kernel_size=kernel, hidden=[4], activation="relu"
    )
    keras_model, weights = built(model, (7, 5))
    pixels = np.random.default_rng(3).normal(size=(5, 7, 5))
    wanted = reference.cnn(weights, pixels[..., None], len(filters), size)
    check(keras_model, pixels, wanted)


@pytest.mark.parametrize("normalization", EVERY_OPTION["normalization"], ids=str)
@pytest.mark.parametrize("activation", EVERY_OPTION["activation"])
@pytest.mark.parametrize(
    ("name", "shape"),
    [("mlp", (12,)), ("mlp", (9, 7)), ("mlp", (8, 9, 3)), ("cnn", (9, 7)), ("cnn", (8, 9, 3))],
)
def test_counts_the_parameters_of_layers(tensorflow, name, activation, normalization, shape):
    model = technique(
        name, hidden=[5, 4], activation=activation, normalization=normalization, dropout=0.5
    )
    variables = model.build(shape, 3).trainable_variables
    assert model.parameters(shape, 3) == sum(math.prod(v.shape) for v in variables)


@pytest.mark.parametrize("cell", reference.CELLS)
@pytest.mark.parametrize("shape", [(9, 7), (8, 9, 3)])
def test_counts_the_parameters_of_cells(tensorflow, cell, shape):
    model = technique("rnn", cell=cell, hidden=[5, 4])
    variables = model.build(shape, 3).trainable_variables
    assert model.parameters(shape, 3) == sum(math.prod(v.shape) for v in variables)


@pytest.mark.parametrize(
    ("where", "layer"), [("dropout", "dropout1"), ("input_dropout", "dropout_pixels")]
)
def test_dropout_zeroes_its_share_and_scales_the_rest(tensorflow, where, layer):
    model = technique("mlp", hidden=[100, 100], activation="linear", **{where: 0.25})
    dropout = model.build((10, 10), 3).get_layer(layer)
    out = np.asarray(dropout(np.ones((200, 100), np.float32), training=True))
    assert set(np.unique(out)) == {np.float32(0), np.float32(1 / 0.75)}
    zeros = int((out == 0).sum())
    assert stats.binomtest(zeros, out.size, 0.25).pvalue > 1e-3
    assert np.array_equal(np.asarray(dropout(out, training=False)), out)


def test_dropout_stands_behind_each_hidden_layer_and_not_behind_the_outputs(tensorflow):
    model = technique(
        "mlp", hidden=[4, 4], dropout=0.5, input_dropout=0.2, normalization="batch_norm"
    )
    names = [layer.name for layer in model.build((8, 8), 3).layers]
    assert names == [
        "pixels", "dropout_pixels", "flatten",
        "hidden1", "batch_norm1", "elu1", "dropout1",
        "hidden2", "batch_norm2", "elu2", "dropout2", "outputs",
    ]  # fmt: skip


def test_a_filter_has_one_slope(tensorflow):
    model = technique("cnn", filters=[3], activation="prelu")
    slopes = model.build((8, 8), 10).get_layer("prelu_convolution1").trainable_variables[0]
    assert math.prod(slopes.shape) == 3


@pytest.mark.parametrize(
    ("name", "settings", "shape", "says"),
    [
        ("rnn", {}, (64,), r"rnn: wants images or sequences \[steps, features\], got \[64\]"),
        ("cnn", {}, (64,), r"cnn: wants images \[rows, columns\] or with channels, got \[64\]"),
        ("cnn", {"filters": [4] * 4}, (8, 8), "4 poolings by 2 leave nothing of images of 8 × 8"),
    ],
)
def test_inputs_that_a_model_cannot_read_are_refused(name, settings, shape, says):
    with pytest.raises(ModelError, match=says):
        technique(name, **settings).parameters(shape, 10)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ({"name": "rnn", "activation": "prelu"}, "model: activation prelu has weights or draws"),
        ({"name": "rnn", "cell": "elman"}, "model.cell: wants one of 'simple', 'lstm' or 'gru'"),
        ({"name": "cnn", "initializer": "identity"}, "initializer identity fills matrices only"),
        ({"name": "mlp", "hidden": [4], "dropout": 1.0}, "model.dropout: wants a number < 1"),
        ("transformer", 'unknown model "transformer"'),
    ],
)
def test_settings_that_a_model_cannot_take_are_refused(model, says):
    assert says in refusal({"model": model})


def test_every_model_has_its_test_here():
    names = {technique.model_fields["name"].default for technique in MODELS.techniques}
    assert names == {"mlp", "cnn", "rnn", "python:module.function"}
