"""Alpha dropout against its formula and Keras's, and dropout that is sampled in inference."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.running import make_recipe, same_bits

RATE = 0.2


@pytest.fixture
def alpha(tensorflow):
    from ablations.techniques.keras.dropout import AlphaDropout

    return AlphaDropout


def drawn(layer, inputs):
    return np.asarray(layer(inputs, training=True)).astype(float)


def test_alpha_dropout_is_that_of_klambauer(alpha):
    inputs = np.random.default_rng(1).normal(size=(300, 200)).astype(np.float32)
    outputs = drawn(alpha(RATE, seed=3), inputs)
    floor = -1.7580993408473766  # −λα
    scale = ((1 - RATE) * (1 + RATE * floor**2)) ** -0.5
    shift = -scale * floor * RATE
    dropped = np.isclose(outputs, scale * floor + shift, rtol=0, atol=1e-6)
    assert dropped.mean() == pytest.approx(RATE, abs=4 * np.sqrt(0.16 / inputs.size))
    wanted = np.where(dropped, scale * floor + shift, scale * inputs + shift)
    np.testing.assert_allclose(outputs, wanted, atol=2e-6)
    assert outputs.mean() == pytest.approx(0, abs=0.02)  # four standard errors of 60,000 draws
    assert outputs.var() == pytest.approx(1, abs=0.03)


def test_alpha_dropout_is_that_of_keras(alpha, monkeypatch):
    """The same uniform draws give the same outputs."""
    import keras
    import tensorflow as tf

    inputs = np.random.default_rng(2).normal(size=(40, 30)).astype(np.float32)
    uniform = np.random.default_rng(3).random(inputs.shape).astype(np.float32)
    monkeypatch.setattr(keras.random, "uniform", lambda *a, **k: tf.constant(uniform))
    monkeypatch.setattr(tf.random, "stateless_uniform", lambda *a, **k: tf.constant(uniform))
    theirs = drawn(keras.layers.AlphaDropout(RATE), inputs)
    np.testing.assert_allclose(drawn(alpha(RATE), inputs), theirs, atol=1e-6)
    assert np.array_equal(alpha(RATE)(inputs, training=False), inputs)


def test_both_dropouts_of_a_model_are_alpha(recipe, train):
    kind = {"model.activation": "selu", "model.dropout": 0.1, "model.input_dropout": 0.05}
    trained = train(recipe({**kind, "model.dropout_kind": "alpha"}))
    layers = [layer for layer in trained.program.classifier.layers if "dropout" in layer.name]
    assert [type(layer).__name__ for layer in layers] == ["AlphaDropout"] * 3
    assert [float(np.float32(layer.rate)) for layer in layers] == pytest.approx([0.05, 0.1, 0.1])
    other = train(recipe({**kind, "model.dropout_kind": "alpha", "model.dropout": 0.3}))
    assert other.result.seconds["compile"] == 0  # the rate is a variable
    assert not same_bits(other.state(), trained.state())


SAMPLES = 7
SAMPLED = {"model.dropout": 0.4, "model.hidden": [6], "training.epochs": 2}


@pytest.fixture
def sampled(recipe, train):
    return lambda seed=0, **more: train(
        recipe({**SAMPLED, "model.monte_carlo_dropout": SAMPLES, **more}), seed
    )


def test_test_predictions_are_the_mean_probabilities_over_the_samples(sampled, recipe, train):
    """In NumPy, from the masks that the keyed draws give."""
    import tensorflow as tf

    from ablations.data import catalog
    from ablations.techniques.keras import internals

    trained = sampled()
    data = catalog.read("digits", None)
    kernel, bias, last, last_bias = (w.astype(float) for w in trained.weights())
    inputs = data.test_features.reshape(len(data.test_labels), -1) * data.scale
    sums = inputs @ kernel + bias
    hidden = np.where(sums > 0, sums, np.expm1(sums))
    (state,) = internals.random_states(trained.program.classifier.get_layer("dropout1"))
    key, probabilities = int(state.numpy()[0]), []
    for sample in range(SAMPLES):
        ones = tf.ones(hidden.shape)
        mask = tf.nn.experimental.stateless_dropout(ones, 0.4, seed=[key, -1 - sample]).numpy()
        assert (mask == 0).mean() == pytest.approx(0.4, abs=0.05)
        logits = (hidden * mask) @ last + last_bias
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities.append(odds / odds.sum(axis=1, keepdims=True))
    mean = np.mean(probabilities, axis=0)
    labels = data.test_labels
    correct = mean.argmax(axis=1) == labels
    losses = -np.log(mean[np.arange(len(labels)), labels])
    assert trained.result.metrics["test_accuracy"] == pytest.approx(correct.mean())
    assert trained.result.metrics["test_loss"] == pytest.approx(losses.mean(), rel=1e-5)
    kept = np.unpackbits(np.frombuffer(trained.directory.correct.read_bytes(), np.uint8))
    assert kept[: len(labels)].tolist() == correct.tolist()


def test_sampling_changes_the_test_alone_and_is_keyed_by_the_seed(sampled, recipe, train):
    plain, first, again, other = train(recipe(SAMPLED)), sampled(), sampled(), sampled(seed=1)
    assert same_bits(plain.state(), first.state())  # not a draw of training is shifted
    assert plain.epochs() == first.epochs()
    assert first.metrics() == again.metrics()
    tested = ("test_accuracy", "test_loss")
    differ = {n for n, v in first.metrics().items() if plain.metrics()[n] != v}
    assert "test_loss" in differ <= {*tested}
    assert first.metrics()["test_loss"] != other.metrics()["test_loss"]


def test_batch_normalization_stays_in_inference_mode_while_dropout_is_sampled(sampled, recipe):
    from ablations.data import catalog
    from ablations.training.trainers.compiled.evaluation import Split

    trained = sampled(**{"model.normalization": "batch_norm"})
    trained.program.reset(recipe({**SAMPLED, "model.normalization": "batch_norm"}), 0)
    data = catalog.read("digits", None)
    split = Split.of(data.test_features[:50], data.test_labels[:50])
    before = trained.program.state()
    trained.program.test_evaluation.run(split)
    assert same_bits(before, trained.program.state())


def test_sampling_without_dropout_is_refused():
    with pytest.raises(ValueError, match="monte_carlo_dropout does nothing without dropout"):
        make_recipe({"model.monte_carlo_dropout": 5})
