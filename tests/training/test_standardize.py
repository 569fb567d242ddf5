"""``data.scale: standardize``: the statistics of the training rows, everywhere a network reads."""

from __future__ import annotations

import numpy as np
import pytest

from ablations.data import catalog
from ablations.data.split import split
from tests.support.running import same_bits

STANDARDIZED = {"data.scale": "standardize"}


def statistics(settings, seed):
    """Return the real digits, and NumPy's μ and σ over the rows that train."""
    data = catalog.read("digits", None)
    rows, validation = split(settings.data, len(data.train_labels), seed)
    pixels = data.train_features[rows].astype(np.float64) * data.scale
    deviation = pixels.std(axis=0)
    assert (deviation == 0).any()  # pixels at the edge of the digits
    return data, validation, pixels.mean(axis=0), np.where(deviation == 0, 1, deviation)


@pytest.mark.parametrize("seed", [0, 3])
def test_test_and_validation_are_standardized_by_the_training_rows_alone(recipe, train, seed):
    settings = recipe({**STANDARDIZED, "model.hidden": [5]})
    trained = train(settings, seed)
    data, validation, mean, deviation = statistics(settings, seed)
    kernel, bias, last, last_bias = (weight.astype(np.float64) for weight in trained.weights())

    def loss(features, labels):
        inputs = ((features * data.scale - mean) / deviation).reshape(len(labels), -1)
        sums = inputs @ kernel + bias
        logits = np.where(sums > 0, sums, np.expm1(sums)) @ last + last_bias
        logits -= logits.max(axis=1, keepdims=True)
        chosen = logits[np.arange(len(labels)), labels]
        return (np.log(np.exp(logits).sum(axis=1)) - chosen).mean()

    tested = loss(data.test_features, data.test_labels)
    assert trained.result.metrics["test_loss"] == pytest.approx(tested, rel=1e-5)
    held_out = loss(data.train_features[validation], data.train_labels[validation])
    assert trained.epochs()[-1]["validation_loss"] == pytest.approx(held_out, rel=1e-5)


def test_seeds_share_a_program_and_each_has_its_statistics(recipe, train):
    settings = recipe(STANDARDIZED)
    first = train(settings, 0)
    other = train(settings, 1, first.programs)
    again = train(settings, 0, first.programs)
    assert other.result.seconds["compile"] == again.result.seconds["compile"] == 0
    assert same_bits(first.state(), again.state())
    assert first.metrics() == again.metrics()
    assert first.metrics() != other.metrics()


def test_a_step_reads_standardized_features_and_noise_comes_after(recipe, train):
    """Images are moved before, as a pixel's deviation is its place's; a shift of 0 is none."""
    settings = recipe({**STANDARDIZED, "training.augmentation": {"noise": 0.5}})
    program = train(settings).program
    data, _, mean, deviation = statistics(settings, 0)
    rows = np.arange(40, dtype=np.int32)
    features, labels = program.loop._batch(rows, np.array([1, 2], np.int32))
    plain = (data.train_features[:40] * data.scale - mean) / deviation
    noise = features.numpy() - plain
    assert noise.std() == pytest.approx(0.5, rel=0.05)
    assert noise[:, deviation == 1].std() == pytest.approx(0.5, rel=0.1)
    assert labels.numpy().tolist() == data.train_labels[:40].tolist()


def test_a_frozen_bottom_that_is_cached_reads_the_same_features(recipe, train):
    transfer = {
        **STANDARDIZED,
        "training.epochs": 2,
        "transfer.source": {"name": "task", "changes": {"data.classes": [0, 1, 2]}},
        "transfer.reuse": "hidden.*",
        "transfer.freeze": "hidden1",
    }
    plain, cached = (train(recipe({**transfer, "transfer.cache": c})) for c in (False, True))
    for one, other in zip(plain.weights(), cached.weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert plain.metrics()["test_loss"] == pytest.approx(cached.metrics()["test_loss"], rel=1e-5)
