"""Initializers: their scale against table 11-1 of the notes, and the law of depth for ReLU."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ablations.study.recipe import Recipe
from ablations.techniques.initializers import INITIALIZERS

FAN_IN, FAN_OUT = 300, 700
# The relative standard error of a standard deviation over N draws is at most 1/√(2N), 0.0015 here;
# the closest two rows of the table differ by 18 %.
TOLERANCE = 0.01
SUM = FAN_IN + FAN_OUT

NORMALS = {
    "xavier_normal": math.sqrt(2 / SUM),
    "glorot_normal": math.sqrt(2 / SUM),
    "xavier_tanh_normal": 4 * math.sqrt(2 / SUM),
    "xavier_relu_normal": math.sqrt(2) * math.sqrt(2 / SUM),
    "he_normal_fan_avg": math.sqrt(2) * math.sqrt(2 / SUM),
    "he_normal": math.sqrt(2 / FAN_IN),
    "lecun_normal": math.sqrt(1 / FAN_IN),
}
UNIFORMS = {
    "xavier_uniform": math.sqrt(6 / SUM),
    "glorot_uniform": math.sqrt(6 / SUM),
    "xavier_tanh_uniform": 4 * math.sqrt(6 / SUM),
    "xavier_relu_uniform": math.sqrt(2) * math.sqrt(6 / SUM),
    "he_uniform_fan_avg": math.sqrt(2) * math.sqrt(6 / SUM),
    "he_uniform": math.sqrt(6 / FAN_IN),
    "lecun_uniform": math.sqrt(3 / FAN_IN),
}


def draw(name, seed=0, shape=(FAN_IN, FAN_OUT), **parameters):
    technique = INITIALIZERS.find(name)
    return np.asarray(technique(**parameters).build(seed)(shape, dtype="float32"), np.float64)


@pytest.mark.parametrize(("name", "sigma"), NORMALS.items())
def test_normal_has_the_sigma_of_the_table(tensorflow, name, sigma):
    weights = draw(name)
    assert weights.std() == pytest.approx(sigma, rel=TOLERANCE)
    assert abs(weights.mean()) < 5 * sigma / math.sqrt(weights.size)


@pytest.mark.parametrize("name", NORMALS)
def test_scaled_normals_are_cut_at_two_sigma_of_the_wider_normal(tensorflow, name):
    weights = draw(name)
    limit = 2 * NORMALS[name] / 0.87962566103423978
    assert np.abs(weights).max() <= limit * (1 + 1e-6)
    assert np.abs(weights).max() > 0.99 * limit
    cut = stats.truncnorm(-2, 2, scale=limit / 2)
    assert stats.kstest(weights.ravel()[:20_000], cut.cdf).pvalue > 0.01


@pytest.mark.parametrize(("name", "limit"), UNIFORMS.items())
def test_uniform_has_the_limit_of_the_table(tensorflow, name, limit):
    weights = draw(name).ravel()
    assert np.abs(weights).max() <= limit * (1 + 1e-6)
    assert np.abs(weights).max() > 0.999 * limit
    assert stats.kstest(weights[:20_000], stats.uniform(-limit, 2 * limit).cdf).pvalue > 0.01


def test_plain_normal_is_not_cut_and_takes_its_sigma(tensorflow):
    weights = draw("random_normal", stddev=1.0)
    assert weights.std() == pytest.approx(1.0, rel=TOLERANCE)
    assert np.abs(weights).max() > 4
    small = draw("random_normal", stddev=0.03)
    np.testing.assert_allclose(small, 0.03 * weights, rtol=1e-5, atol=1e-8)


def test_plain_truncated_normal_is_not_rescaled(tensorflow):
    weights = draw("truncated_normal", stddev=0.1, mean=1.0)
    assert np.abs(weights - 1).max() <= 0.2 + 1e-6
    assert weights.std() == pytest.approx(0.1 * 0.8796, rel=TOLERANCE)


@pytest.mark.parametrize(("mode", "fan"), [("fan_in", 300), ("fan_out", 700), ("fan_avg", 500)])
@pytest.mark.parametrize("shape", ["uniform", "truncated_normal", "untruncated_normal"])
def test_variance_scaling_has_variance_scale_over_fan(tensorflow, mode, fan, shape):
    weights = draw("variance_scaling", scale=3.0, mode=mode, distribution=shape)
    assert weights.std() == pytest.approx(math.sqrt(3 / fan), rel=TOLERANCE)


def test_orthogonal_columns_are_orthonormal_times_gain(tensorflow):
    weights = draw("orthogonal", shape=(40, 20), gain=2.0)
    np.testing.assert_allclose(weights.T @ weights, 4 * np.eye(20), atol=1e-5)


def test_constants_do_not_draw(tensorflow):
    np.testing.assert_array_equal(draw("constant", value=0.5, shape=(2, 3)), np.full((2, 3), 0.5))
    np.testing.assert_array_equal(draw("identity", gain=2.0, shape=(3, 3)), 2 * np.eye(3))


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("xavier_normal", "xavier_tanh_normal", 4.0),
        ("xavier_uniform", "xavier_tanh_uniform", 4.0),
        ("xavier_normal", "he_normal", math.sqrt(2 / FAN_IN) / math.sqrt(2 / SUM)),
        ("xavier_uniform", "he_uniform", math.sqrt(6 / FAN_IN) / math.sqrt(6 / SUM)),
    ],
)
def test_arms_that_differ_in_scale_start_from_the_same_draws(tensorflow, one, other, ratio):
    np.testing.assert_allclose(draw(other, 7), ratio * draw(one, 7), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", [t.model_fields["name"].default for t in INITIALIZERS.techniques])
def test_draws_are_keyed_by_the_seed(tensorflow, name):
    assert np.array_equal(draw(name, 1, (6, 6)), draw(name, 1, (6, 6)))
    differs = not np.array_equal(draw(name, 1, (6, 6)), draw(name, 2, (6, 6)))
    assert differs == INITIALIZERS.find(name).random


@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_xavier_is_glorot_by_another_name(kind):
    assert INITIALIZERS.find(f"xavier_{kind}") is INITIALIZERS.find(f"glorot_{kind}")


LIKE_KERAS = """glorot_normal glorot_uniform he_normal he_uniform lecun_normal lecun_uniform
random_normal random_uniform truncated_normal orthogonal variance_scaling constant identity"""


@pytest.mark.parametrize("name", LIKE_KERAS.split())
def test_defaults_are_those_of_keras(tensorflow, name):
    import keras

    options = {"seed": 3} if INITIALIZERS.find(name).random else {}
    theirs = getattr(keras.initializers, name.title().replace("_", ""))(**options)(
        (5, 5), dtype="float32"
    )
    np.testing.assert_allclose(draw(name, 3, (5, 5)), np.asarray(theirs), rtol=1e-6)


@pytest.mark.parametrize(
    ("initializer", "low", "high"), [("xavier_normal", 1e-5, 1e-4), ("he_normal", 0.3, 3.0)]
)
def test_relu_signal_shrinks_with_depth_unless_he(tensorflow, recipe, initializer, low, high):
    # (c/2)^(L/2) at L = 30: 3e-5 for Xavier's c = 1 in square layers, 1 for He's c = 2.
    network: Recipe = recipe(
        {
            "model.hidden": {"depth": 30, "width": 500},
            "model.activation": "relu",
            "model.initializer": initializer,
        }
    )
    import keras

    from ablations.training.trainers.compiled.initialize import initialize

    model = network.model.build((500,), 10)
    initialize(model, 0, {}, lambda: network.model.build((500,), 10))
    probe = keras.Model(model.input, model.get_layer("relu30").output)
    inputs = np.random.default_rng(0).normal(size=(50, 500)).astype(np.float32)
    assert low < float(np.sqrt((np.asarray(probe(tensorflow.constant(inputs))) ** 2).mean())) < high
