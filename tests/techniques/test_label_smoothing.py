"""Label smoothing against NumPy and Keras, and that it touches nothing but what is minimized."""

from __future__ import annotations

import numpy as np
import pytest

from ablations.techniques.label_smoothing import LABEL_SMOOTHINGS
from tests.support.running import same_bits

LOGITS = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32) * 3
LABELS = np.array([0, 1, 2, 3, 4, 0, 2], np.int32)


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_equals_the_cross_entropy_with_smoothed_targets(tensorflow, share):
    import keras

    loss = LABEL_SMOOTHINGS.find("uniform")(share=share).build({})
    got = loss(tensorflow.constant(LOGITS), tensorflow.constant(LABELS))
    exact = LOGITS.astype(float)
    log_p = exact - np.log(np.exp(exact).sum(axis=1, keepdims=True))
    targets = (1 - share) * np.eye(5)[LABELS] + share / 5
    np.testing.assert_allclose(got, -(targets * log_p).sum(axis=1), rtol=1e-5)
    theirs = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=share, reduction="none"
    )
    np.testing.assert_allclose(got, theirs(np.eye(5)[LABELS], LOGITS), rtol=1e-5)


def test_a_bare_number_is_the_share(recipe):
    by_number = recipe({"training.label_smoothing": 0.2})
    assert by_number == recipe({"training.label_smoothing": {"name": "uniform", "share": 0.2}})
    assert by_number == recipe({"training.label_smoothing": {"share": 0.2}})


def test_it_changes_the_weights_and_logs_the_plain_cross_entropy(recipe, train):
    first_loss = {"training.epochs": 1, "data.train_examples": 20}  # one step: nothing moved yet
    plain = train(recipe(first_loss))
    smoothed = train(recipe({**first_loss, "training.label_smoothing": 0.4}))
    assert smoothed.epochs()[0]["train_loss"] == plain.epochs()[0]["train_loss"]
    assert not same_bits(plain.state(), smoothed.state())


def test_pretraining_minimizes_its_own_objective_whatever_the_labels(recipe, train):
    source = {"name": "autoencoder", "epochs": 1}
    changes = {"transfer.source": source, "training.label_smoothing": 0.4}
    assert train(recipe(changes)).result.stages[0].name == "pretrain"
