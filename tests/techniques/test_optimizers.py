"""Optimizers against NumPy and against published figures."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from pydantic import ValidationError

from ablations.techniques.optimizers import OPTIMIZERS
from tests.reference import matrix_optimizers as matrices
from tests.reference import optimizers as oracle

RULES = [
    ("sgd", {}, lambda: oracle.SGD(0.1)),
    ("sgd", {"momentum": 0.8}, lambda: oracle.SGD(0.1, 0.8)),
    ("sgd", {"momentum": 0.8, "nesterov": True}, lambda: oracle.SGD(0.1, 0.8, nesterov=True)),
    ("momentum", {}, lambda: oracle.SGD(0.1, 0.9)),
    ("nesterov", {}, lambda: oracle.SGD(0.1, 0.9, nesterov=True)),
    ("adagrad", {}, lambda: oracle.Adagrad(0.1)),
    ("adagrad", {"initial_accumulator_value": 0.0}, lambda: oracle.Adagrad(0.1, start=0.0)),
    ("adadelta", {"epsilon": 1e-2}, lambda: oracle.Adadelta(0.1, epsilon=1e-2)),
    ("rmsprop", {}, lambda: oracle.RMSprop(0.1)),
    ("rmsprop", {"momentum": 0.5, "centered": True}, lambda: oracle.RMSprop(0.1, 0.9, 0.5, True)),
    (
        "rmsprop",  # TensorFlow 1's
        {"initial_accumulator_value": 1.0, "momentum": 0.5, "epsilon": 1e-10},
        lambda: oracle.RMSprop(0.1, momentum=0.5, epsilon=1e-10, start=1.0),
    ),
    ("adam", {}, lambda: oracle.Adam(0.1)),
    ("adam", {"beta_2": 0.9, "epsilon": 0.1}, lambda: oracle.Adam(0.1, 0.9, 0.9, 0.1)),
    ("adam", {"beta_2": 0.5, "amsgrad": True}, lambda: oracle.Adam(0.1, 0.9, 0.5, amsgrad=True)),
    ("adamw", {"weight_decay": 0.5}, lambda: oracle.Adam(0.1, decay=0.5)),
    ("adam", {"weight_decay": 0.5}, lambda: oracle.Adam(0.1, decay=0.5)),
    ("adamax", {}, lambda: oracle.Adamax(0.1)),
    ("nadam", {}, lambda: oracle.Nadam(0.1)),
    ("lion", {}, lambda: oracle.Lion(0.1, 0.9, 0.99)),
    ("schedule_free_adamw", {"beta_2": 0.9}, lambda: oracle.ScheduleFreeAdamW(0.1, 0.9, 0.9)),
    ("lamb", {}, lambda: oracle.Lamb(0.1)),
    ("ftrl", {}, lambda: oracle.FTRL(0.1)),
    ("ftrl", {"l1_regularization_strength": 0.3}, lambda: oracle.FTRL(0.1, l1=0.3)),
    ("ftrl", {"l2_regularization_strength": 2.0}, lambda: oracle.FTRL(0.1, l2=2.0)),
]
IDS = [" ".join([name, *map(str, parameters)]) for name, parameters, _ in RULES]
# On x² the five steps move x by 0.01 to 1; a wrong convention shows in the second digit.
CLOSE = {"rtol": 0, "atol": 1e-6}
# Keras takes 1 − 0.999ᵗ in single precision, which costs Adam's first steps up to 3e-5 of their
# size of 0.1; with β₂ 0.9 nothing cancels and the usual tolerance holds.
ADAM_CLOSE = {"rtol": 0, "atol": 1e-5}
ADAMS = {"adam", "adamw"}


def trace(name, parameters, gradient, start, steps):
    """Return the variable after each step of the Keras optimizer that a recipe would build."""
    import keras

    technique = OPTIMIZERS.find(name)(**{"learning_rate": 0.1, **parameters})
    optimizer = technique.build({})
    variable = keras.Variable(np.asarray(start, np.float32))
    optimizer.build([variable])
    values = []
    for _ in range(steps):
        slope = np.asarray(gradient(variable.numpy()), np.float32)
        optimizer.apply([keras.ops.convert_to_tensor(slope)], [variable])
        values.append(variable.numpy())
    return values


def slope_of_square(x):
    return 2 * x


@pytest.mark.parametrize(("name", "parameters", "rule"), RULES, ids=IDS)
def test_five_steps_down_the_square_equal_the_formula(tensorflow, name, parameters, rule):
    wanted = oracle.descend(rule(), slope_of_square, np.array([1.0]), 5)
    got = trace(name, parameters, slope_of_square, [1.0], 5)
    exact = name not in ADAMS or "beta_2" in parameters
    np.testing.assert_allclose(got, wanted, **(CLOSE if exact else ADAM_CLOSE))
    assert np.ptp(wanted) > 0.01


@pytest.mark.parametrize(("name", "parameters", "rule"), RULES, ids=IDS)
def test_noisy_gradients_of_an_array_equal_the_formula(tensorflow, name, parameters, rule):
    generator = np.random.default_rng(8)
    noise = generator.normal(size=(12, 5)).astype(np.float32)
    start = generator.normal(size=5).astype(np.float32)
    one, other = iter(noise), iter(noise.astype(np.float64))
    got = trace(name, parameters, lambda w: next(one), start, 12)
    wanted = oracle.descend(rule(), lambda w: next(other), start, 12)
    np.testing.assert_allclose(got, wanted, rtol=0, atol=5e-6)


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("momentum", [0.8, 0.46, 0.062, -0.3086, -0.58042]),
        ("adam", [0.9, 0.80041, 0.70159, 0.60394, 0.50796]),
    ],
)
def test_published_figures_come_out(tensorflow, name, figures):
    got = np.ravel(trace(name, {}, slope_of_square, [1.0], 5))
    np.testing.assert_allclose(got, figures, rtol=0, atol=1e-5)  # five printed decimals


@pytest.mark.parametrize(
    ("name", "rule"),
    [("adafactor", matrices.Adafactor), ("muon", matrices.Muon)],
)
@pytest.mark.parametrize("shape", [(4, 7), (7, 4)])
def test_matrix_optimizers_equal_the_formula(tensorflow, name, rule, shape):
    generator = np.random.default_rng(9)
    noise = generator.normal(size=(4, *shape)).astype(np.float32)
    start = generator.normal(size=shape).astype(np.float32)
    one, other = iter(noise), iter(noise.astype(np.float64))
    got = trace(name, {}, lambda w: next(one), start, 4)
    wanted = oracle.descend(rule(0.1), lambda w: next(other), start, 4)
    # Newton–Schulz multiplies rounding by up to 3.4⁵; a step moves each weight by about 0.02
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-4 if name == "muon" else 5e-6)


def test_rmsprop_starts_its_accumulator_anew_for_every_seed(recipe, train):
    optimizer = {"name": "rmsprop", "initial_accumulator_value": 1.0}
    program = train(recipe({"training.optimizer": optimizer})).program

    def accumulators():
        return [v.numpy() for v in program.techniques.optimizer.variables if "velocity" in v.name]

    assert any((slot != 1).any() for slot in accumulators())
    program.reset(recipe({"training.optimizer": optimizer}), 1)
    assert len(accumulators()) == 6
    assert all((slot == 1).all() for slot in accumulators())


def test_muon_takes_adam_for_what_is_no_matrix(tensorflow):
    wanted = oracle.descend(oracle.Adam(0.1, decay=0.004), slope_of_square, np.ones(3), 5)
    got = trace("muon", {}, slope_of_square, np.ones(3), 5)
    np.testing.assert_allclose(got, wanted, **ADAM_CLOSE)


def test_ftrl_forgets_the_initial_weights_where_the_first_gradient_is_small(tensorflow):
    for slope in (1e-3, 1e-2, 2.0):
        far, near = (trace("ftrl", {}, lambda w: slope, [s], 1)[0][0] for s in (5.0, -5.0))  # noqa: B023
        kept = 1 - np.sqrt(0.1 / (0.1 + slope**2))
        assert (float(far) - float(near)) / 10 == pytest.approx(kept, abs=1e-6)
    assert trace("ftrl", {}, lambda w: 0.0, [5.0], 1)[0] == 0.0


def test_ftrl_with_l1_gives_exact_zeros(tensorflow):
    got = trace("ftrl", {"l1_regularization_strength": 10.0}, lambda w: [0.5, 20.0], [1.0, 1.0], 3)
    assert got[-1][0] == 0.0
    assert got[-1][1] != 0.0


WRAPPERS = {"Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"}


def test_every_optimizer_of_keras_has_a_name(tensorflow):
    import keras

    classes = {n for n in dir(keras.optimizers) if inspect.isclass(getattr(keras.optimizers, n))}
    ours = {technique.keras_class for technique in OPTIMIZERS.techniques}
    assert classes - WRAPPERS == ours


# The options of Keras that are techniques of their own here, or that concern its own training loop.
ELSEWHERE = {"clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum", "name"} | {
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "gradient_accumulation_steps",
}
# Which layers and which polynomial: the method's own constants.
CONSTANTS = {"muon": {"exclude_layers", "exclude_embeddings", "muon_a", "muon_b", "muon_c"}}
# Two names for one class, where the name says how the class is set.
NAMED_SETTINGS = {
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9},
    "rmsprop": {"initial_accumulator_value": 0.0},  # where Keras's starts, which has no such name
}
SAID_BY_THE_NAME = {"momentum": {"nesterov"}, "nesterov": {"nesterov"}}


@pytest.mark.parametrize("technique", OPTIMIZERS.techniques, ids=lambda t: t.__name__)
def test_declared_defaults_are_those_of_keras(tensorflow, technique):
    import keras

    name = technique.model_fields["name"].default
    signature = inspect.signature(getattr(keras.optimizers, technique.keras_class).__init__)
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    hidden = {"self"} | ELSEWHERE | CONSTANTS.get(name, set()) | SAID_BY_THE_NAME.get(name, set())
    theirs = {
        parameter.name: parameter.default
        for parameter in signature.parameters.values()
        if parameter.name not in hidden and parameter.kind not in kinds
    }
    wanted = {**theirs, **NAMED_SETTINGS.get(name, {})}
    assert technique().model_dump(exclude={"name"}) == wanted


def test_nesterov_and_momentum_differ_in_the_look_ahead_only(tensorflow):
    assert OPTIMIZERS.find("nesterov")().build({}).nesterov
    assert not OPTIMIZERS.find("momentum")().build({}).nesterov


@pytest.mark.parametrize("beta", [0.0, 1.0])
def test_ftrl_without_penalties_is_adagrad_whatever_the_rate_does(tensorflow, beta):
    import keras

    rates, slopes = [0.5, 0.5, 0.05, 0.05, 0.2, 0.01], [0.3, 0.5, -0.1, 0.4, -1.0, 0.2]
    settings = {"initial_accumulator_value": 1e-12, "beta": beta}
    optimizer = OPTIMIZERS.find("ftrl")(**settings).build({})
    variable = keras.Variable(np.zeros(1, np.float32))  # nothing for the first step to forget
    optimizer.build([variable])
    wanted, squares = 0.0, 0.0
    for rate, slope in zip(rates, slopes, strict=True):
        optimizer.learning_rate.assign(rate)
        optimizer.apply([keras.ops.convert_to_tensor(np.float32([slope]))], [variable])
        squares += slope**2
        wanted -= rate * slope / (beta + np.sqrt(squares))
        np.testing.assert_allclose(variable.numpy(), wanted, rtol=1e-5, atol=1e-6)


def test_ftrl_at_a_constant_rate_is_kerass_own_bit_for_bit(tensorflow):
    import keras

    settings = {"learning_rate": 0.1, "l1_regularization_strength": 0.01, "beta": 0.5}
    ours = OPTIMIZERS.find("ftrl")(**settings).build({})
    pair = []
    for optimizer in (ours, keras.optimizers.Ftrl(**settings)):
        variable = keras.Variable(np.float32([1.0, -0.5]))
        optimizer.build([variable])
        for _ in range(20):
            optimizer.apply([2 * variable.value], [variable])
        pair.append(variable.numpy().tobytes())
    assert pair[0] == pair[1]


def test_nesterov_without_momentum_is_refused():
    with pytest.raises(ValidationError, match="wants momentum above 0"):
        OPTIMIZERS.find("sgd")(nesterov=True)
    assert OPTIMIZERS.find("sgd")(nesterov=True, momentum=0.9).nesterov
