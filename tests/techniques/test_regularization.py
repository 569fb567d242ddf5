"""Penalties and max-norm against NumPy, unit by unit, and against Keras."""

from __future__ import annotations

import numpy as np
import pytest

from ablations.techniques.constraints import CONSTRAINTS
from ablations.techniques.regularization import REGULARIZATIONS
from tests.reference import regularization as oracle

DRAW = np.random.default_rng(11)
KERNELS = [DRAW.normal(size=shape).astype(np.float32) for shape in [(7, 5), (5, 3), (3, 3, 2, 4)]]
PENALTIES = [
    ("l1", {"strength": 0.02}, (0.02, 0.0)),
    ("l2", {"strength": 0.03}, (0.0, 0.03)),
    ("l1_l2", {"l1": 0.02, "l2": 0.03}, (0.02, 0.03)),
    ("l2", {}, (0.0, 0.01)),
]


@pytest.mark.parametrize(("name", "settings", "strengths"), PENALTIES, ids=str)
def test_penalty_and_its_gradient_equal_numpy(tensorflow, name, settings, strengths):
    rule = REGULARIZATIONS.find(name)(**settings)
    kernels = [tensorflow.constant(kernel) for kernel in KERNELS]
    with tensorflow.GradientTape() as tape:
        tape.watch(kernels)
        penalty = rule.build({})(kernels)
    exact = [kernel.astype(float) for kernel in KERNELS]
    np.testing.assert_allclose(penalty, oracle.penalty(exact, *strengths), rtol=1e-5)
    for got, kernel in zip(tape.gradient(penalty, kernels), exact, strict=True):
        np.testing.assert_allclose(got, oracle.slope(kernel, *strengths), rtol=1e-5)


def test_the_penalties_are_those_of_keras(tensorflow):
    import keras

    theirs = {"l1": keras.regularizers.L1(0.02), "l2": keras.regularizers.L2(0.02)}
    for name, regularizer in theirs.items():
        ours = REGULARIZATIONS.find(name)(strength=0.02)
        wanted = sum(float(regularizer(kernel)) for kernel in KERNELS)
        got = float(ours.build({})([tensorflow.constant(kernel) for kernel in KERNELS]))
        assert got == pytest.approx(wanted, rel=1e-5)


def test_l1_makes_more_weights_zero_than_l2(recipe, train):
    changes = {"training.epochs": 20, "training.optimizer.learning_rate": 0.05}
    strong = {"strength": 0.02}
    sparse, small = (
        train(recipe({**changes, "training.regularization": {"name": name, **strong}}))
        for name in ("l1", "l2")
    )
    # SGD steps over zero and back, so a weight is seldom smaller than 1e-6: count the small ones.
    near = [
        np.mean(np.concatenate([np.abs(w).ravel() for w in run.weights()[::2]]) < 2e-3)
        for run in (sparse, small)
    ]
    assert near[0] > 2 * near[1]


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("limit", [0.5, 1.5, 100.0])
def test_max_norm_equals_numpy(tensorflow, limit, axis):
    rule = CONSTRAINTS.find("max_norm")(limit=limit, axis=axis)
    for kernel in KERNELS:
        got = rule.build({})(tensorflow.constant(kernel))
        wanted = oracle.max_norm(kernel.astype(float), limit, axis)
        np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_max_norm_is_that_of_keras(tensorflow):
    import keras

    for kernel, axes in ((KERNELS[0], 0), (KERNELS[0], 1), (KERNELS[2], (0, 1, 2))):
        rule = CONSTRAINTS.find("max_norm")(limit=0.7, axis=1 if axes == 1 else 0)
        theirs = keras.constraints.MaxNorm(0.7, axes)(tensorflow.constant(kernel))
        np.testing.assert_allclose(rule.build({})(tensorflow.constant(kernel)), theirs, rtol=1e-5)


def test_max_norm_leaves_what_is_within_the_limit_to_the_last_bit(tensorflow):
    rule = CONSTRAINTS.find("max_norm")(limit=100.0)
    for kernel in KERNELS:
        np.testing.assert_array_equal(rule.build({})(tensorflow.constant(kernel)), kernel)


def test_max_norm_leaves_a_unit_without_weights_finite(tensorflow):
    zeros = tensorflow.zeros([4, 3])
    np.testing.assert_array_equal(CONSTRAINTS.find("max_norm")().build({})(zeros), zeros)


@pytest.mark.parametrize("optimizer", ["adam", "momentum", "ftrl", "schedule_free_adamw"])
def test_the_trained_kernels_keep_to_the_limit_and_the_biases_are_free(recipe, train, optimizer):
    changes = {"training.optimizer": {"name": optimizer, "learning_rate": 0.1}}
    free = train(recipe({**changes, "training.epochs": 2}))
    limited = {"training.constraint": {"name": "max_norm", "limit": 0.15}}
    bound = train(recipe({**changes, **limited, "training.epochs": 2}))
    norms = [np.linalg.norm(kernel, axis=0).max() for kernel in bound.weights()[::2]]
    assert max(norms) <= 0.15 * (1 + 1e-6)
    assert max(np.linalg.norm(kernel, axis=0).max() for kernel in free.weights()[::2]) > 0.2
    assert all(np.abs(bias).max() > 0 for bias in bound.weights()[1::2])
