"""Activations against their formulas; the randomized one against its distribution."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from scipy import stats

from ablations.techniques.activations import ACTIVATIONS, KerasActivation
from tests.reference.activations import ORACLES

GRID = np.concatenate([np.linspace(-8, 8, 401), [-1.0, -0.5, 0.0, 0.5, 1.0, 6.0]])
PARAMETERS = [
    ("leaky_relu", {"negative_slope": 0.2}),
    ("rrelu", {"lower": 0.1, "upper": 0.5}),
    ("prelu", {"start": 0.4}),
    ("elu", {"alpha": 0.5}),
    ("celu", {"alpha": 0.5}),
    ("gelu", {"approximate": True}),
    ("hard_shrink", {"threshold": 1.0}),
    ("soft_shrink", {"threshold": 1.0}),
    ("squareplus", {"b": 1.0}),
]
NAMES = [technique.model_fields["name"].default for technique in ACTIVATIONS.techniques]
OF_KERAS = [name for name in NAMES if issubclass(ACTIVATIONS.find(name), KerasActivation)]
KERAS_PARAMETERS = {"leaky_relu": {"negative_slope": 0.01}}  # the notes' slope, where Keras has 0.2


def build(name, **parameters):
    return ACTIVATIONS.find(name)(**parameters).layer(name)


def apply(layer, z, training):
    return np.asarray(layer(np.asarray(z, np.float32), training=training))


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(("name", "parameters"), [(n, {}) for n in NAMES] + PARAMETERS)
def test_equals_its_formula(tensorflow, name, parameters, training):
    if name == "rrelu" and training:
        parameters = {"lower": 0.2, "upper": 0.2}  # a distribution of one slope
    z = GRID.astype(np.float32).reshape(1, -1)
    got = apply(build(name, **parameters), z, training)
    # float32 rounds values up to e⁸ at 1e-7 of their size; near 0 differences of order 1 cancel
    np.testing.assert_allclose(
        got, ORACLES[name](z.astype(np.float64), **parameters), rtol=2e-6, atol=1e-6
    )


def test_every_activation_has_a_formula_of_its_own():
    assert set(ORACLES) == set(NAMES)


def test_randomized_slopes_are_uniform_between_the_bounds(tensorflow):
    layer = build("rrelu")
    layer.seed_generator.state.assign([11, 0])
    slopes = -apply(layer, -np.ones((100, 200)), training=True).ravel()
    assert slopes.min() >= 1 / 8
    assert slopes.max() <= 1 / 3
    uniform = stats.uniform(1 / 8, 1 / 3 - 1 / 8)
    assert stats.kstest(slopes, uniform.cdf).pvalue > 0.01
    assert len(np.unique(slopes)) > 19_000  # per element, not per unit or per batch


def test_randomized_slopes_are_independent_between_steps_and_units(tensorflow):
    layer = build("rrelu")
    layer.seed_generator.state.assign([11, 0])
    first, second = (apply(layer, -np.ones((50, 400)), training=True) for _ in range(2))
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.03  # 4σ at 20,000 pairs
    assert abs(np.corrcoef(first[:, ::2].ravel(), first[:, 1::2].ravel())[0, 1]) < 0.04


def test_randomized_slopes_are_keyed_by_the_seed(tensorflow):
    layer = build("rrelu")

    def draw(seed):
        layer.seed_generator.state.assign([seed, 0])
        return apply(layer, -np.ones((3, 5)), training=True)

    assert np.array_equal(draw(1), draw(1))
    assert not np.array_equal(draw(1), draw(2))


def test_randomized_relu_tests_with_the_mean_slope_and_without_drawing(tensorflow):
    layer = build("rrelu")
    before = layer.seed_generator.state.numpy()
    out = apply(layer, [[-1.0, 2.0]], training=False)
    np.testing.assert_allclose(out, [[-(1 / 8 + 1 / 3) / 2, 2.0]], rtol=1e-6)
    assert np.array_equal(before, layer.seed_generator.state.numpy())


def test_prelu_learns_one_slope_per_unit_from_its_start(tensorflow):
    layer = build("prelu", start=0.25)
    z = np.array([[-1.0, -2.0, 3.0], [-3.0, 4.0, 5.0]], np.float32)
    with tensorflow.GradientTape() as tape:
        total = tensorflow.reduce_sum(layer(z))
    (slopes,) = layer.trainable_variables
    np.testing.assert_array_equal(slopes, [0.25] * 3)
    # d(αz)/dα is z where z < 0, summed over the batch
    np.testing.assert_allclose(tape.gradient(total, slopes.value), [-4.0, -2.0, 0.0])


@pytest.mark.parametrize("name", OF_KERAS)
def test_declared_defaults_are_those_of_keras(tensorflow, name):
    import keras

    signature = inspect.signature(getattr(keras.activations, name))
    theirs = {n: p.default for n, p in signature.parameters.items() if n != "x"}
    theirs |= KERAS_PARAMETERS.get(name, {})
    if name == "relu":  # its slope, ceiling and threshold are techniques of their own
        assert theirs == {"negative_slope": 0.0, "max_value": None, "threshold": 0.0}
        theirs = {}
    assert ACTIVATIONS.find(name)().model_dump(exclude={"name"}) == theirs


def test_every_elementwise_activation_of_keras_has_a_name(tensorflow):
    import keras

    rowwise = {"softmax", "log_softmax", "sparsemax", "glu"}  # mix units: no hidden activation
    with_a_required_bound = {"threshold"}
    helpers = {"get", "serialize", "deserialize"}
    offered = {name for name in dir(keras.activations) if not name.startswith("_")}
    assert offered - rowwise - with_a_required_bound - helpers <= set(ACTIVATIONS.names)


@pytest.mark.parametrize("name", NAMES)
def test_only_activations_with_a_dead_zone_are_said_to_die(tensorflow, name):
    z = np.linspace(-3.6, -3.1, 50)[None]  # inside every dead zone, above underflow
    out = apply(build(name), z, training=False)
    slope = np.abs(np.diff(out[0].astype(np.float64)))
    silent = bool((out == 0).all() and (slope == 0).all())
    assert ACTIVATIONS.find(name).can_die == silent


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("rrelu", "prelu")])
@pytest.mark.parametrize("alpha", [0.5, 1.0, 3.0])
def test_an_activation_saturates_where_its_slope_is_five_percent(tensorflow, name, alpha):
    technique = ACTIVATIONS.find(name)
    parameters = {"alpha": alpha} if "alpha" in technique.model_fields else {}
    if alpha != 1 and not parameters:
        return
    activation = technique(**parameters)
    z = tensorflow.constant(np.linspace(-30, 30, 60000), tensorflow.float64)  # no edge
    with tensorflow.GradientTape() as tape:
        tape.watch(z)
        out = activation.function()(z)
    slope = np.abs(tape.gradient(out, z).numpy())
    out, limit = out.numpy(), 0.05 * slope.max()
    low, high = activation.saturation
    for beyond, side in ((out <= low, z < 0), (out >= high, z > 0)):
        assert not (beyond & ~side.numpy()).any()
        assert (slope[beyond] <= 1.01 * limit).all()
        if beyond.any():  # and not before: what it leaves out on that side is steeper
            assert slope[side.numpy() & ~beyond].min() >= 0.99 * limit
