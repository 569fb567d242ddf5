"""A compiled epoch replayed in NumPy double precision, step by step."""

from __future__ import annotations

import numpy as np
import pytest

from ablations.data.catalog import read
from ablations.data.split import epoch_order, split
from ablations.telemetry.histograms import log10_buckets
from ablations.training.trainers.compiled.epoch_trace import STEP_COLUMNS
from ablations.training.trainers.compiled.step_layers import layer_means, norm
from tests.reference import optimizers as oracle
from tests.reference.histograms import octave_counts
from tests.reference.network import train as replay_training

SEED = 3
OPTIMIZERS = {
    "sgd": ({"name": "sgd", "learning_rate": 0.1}, lambda: oracle.SGD(0.1)),
    "momentum": ({"name": "momentum", "learning_rate": 0.05}, lambda: oracle.SGD(0.05, 0.9)),
    "adam": (
        {"name": "adam", "learning_rate": 0.01, "beta_2": 0.9},
        lambda: oracle.Adam(0.01, 0.9, 0.9),
    ),
}


def more_settings(penalty=None, limit=None):
    """Return the changes of the recipe for what the oracle calls so."""
    changes = {}
    if penalty:
        changes["training.regularization"] = {"name": "l1_l2", "l1": penalty[0], "l2": penalty[1]}
    if limit:
        changes["training.constraint"] = {"name": "max_norm", "limit": limit[0], "axis": limit[1]}
    return changes


class Replayed:
    """One epoch of three steps in the graph and the same epoch in NumPy."""

    def __init__(
        self, recipe, clip=None, decay=None, optimizer="sgd", sample_every=1, rates=None, **more
    ):
        from ablations.training.trainers.compiled.program import Program

        settings, rule = OPTIMIZERS[optimizer]
        changes = {"training.optimizer": settings}
        if clip:
            changes["training.clipping"] = {"name": clip[0], "threshold": clip[1]}
        if decay:
            average = {"name": "ema", "decay": decay[0], "ramp": decay[1]}
            changes["training.weight_average"] = average
        recipe = recipe(changes | more_settings(**more))
        data = read("digits", None)
        rows, _ = split(recipe.data, len(data.train_labels), SEED)
        order = epoch_order(rows, 20, SEED, 1)
        self.program = Program(recipe, data)
        self.program.reset(recipe, SEED)
        start = [variable.numpy() for variable in self.program.model.trainable_variables]
        batches = [
            (data.train_features[batch].reshape(20, 64) / 16.0, data.train_labels[batch])
            for batch in order
        ]
        self.oracle = replay_training(
            start, batches, recipe.model.activation.name, rule, clip, decay, rates, **more
        )
        used = np.full(3, settings["learning_rate"]) if rates is None else np.asarray(rates)
        self.trace = self.program.loop.run(order, used.astype(np.float32), sample_every, 0)
        self.start = start

    def weights(self):
        return [variable.numpy() for variable in self.program.model.trainable_variables]


def check_weights(got, wanted, start):
    for one, other, first in zip(got, wanted, start, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)
        assert np.abs(other - first).max() > 1e-4  # the steps moved what is compared


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_epoch_equals_numpy(tensorflow, recipe, optimizer):
    run = Replayed(recipe, optimizer=optimizer)
    check_weights(run.weights(), run.oracle.weights, run.start)


@pytest.mark.parametrize("activation", ["relu", "elu", "sigmoid"])
def test_an_epoch_equals_numpy_whatever_the_activation(tensorflow, recipe, activation):
    def with_activation(changes):
        return recipe({**changes, "model.activation": activation})

    run = Replayed(with_activation)
    for one, other in zip(run.weights(), run.oracle.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)


@pytest.mark.parametrize("clip", [("by_value", 0.02), ("by_norm", 0.2), ("by_global_norm", 0.5)])
def test_a_clipped_epoch_equals_numpy(tensorflow, recipe, clip):
    run = Replayed(recipe, clip=clip)
    check_weights(run.weights(), run.oracle.weights, run.start)
    unclipped = Replayed(recipe)
    apart = [np.abs(a - b).max() for a, b in zip(run.weights(), unclipped.weights(), strict=True)]
    assert max(apart) > 1e-3


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_each_step_uses_its_own_learning_rate(tensorflow, recipe, optimizer):
    run = Replayed(recipe, optimizer=optimizer, rates=[0.05, 0.002, 0.1])
    check_weights(run.weights(), run.oracle.weights, run.start)
    assert run.program.learning_rate == pytest.approx(0.1)
    turned = Replayed(recipe, optimizer=optimizer, rates=[0.1, 0.002, 0.05])
    apart = [np.abs(a - b).max() for a, b in zip(run.weights(), turned.weights(), strict=True)]
    assert max(apart) > 1e-3


@pytest.mark.parametrize("penalty", [(0.01, 0.0), (0.0, 0.01), (0.003, 0.005)])
def test_a_penalized_epoch_equals_numpy(tensorflow, recipe, penalty):
    run = Replayed(recipe, penalty=penalty)
    check_weights(run.weights(), run.oracle.weights, run.start)
    # The loss that is logged is the oracle's cross-entropy: no penalty in it.
    np.testing.assert_allclose(run.trace.steps, run.oracle.steps, rtol=1e-5, atol=1e-6)
    plain = Replayed(recipe)
    apart = [np.abs(a - b).max() for a, b in zip(run.weights(), plain.weights(), strict=True)]
    assert max(apart) > 1e-4


@pytest.mark.parametrize("limit", [(0.5, 0), (0.2, 1)])
def test_max_norm_holds_after_each_step_as_in_numpy(tensorflow, recipe, limit):
    run = Replayed(recipe, limit=limit, optimizer="momentum", decay=(0.5, False))
    check_weights(run.weights(), run.oracle.weights, run.start)
    averages = [average.numpy() for average in run.program.average.averages()]
    check_weights(averages, run.oracle.shadows, run.start)  # the average is of what was projected
    bound, axis = limit
    for kernel, start in zip(run.weights()[::2], run.start[::2], strict=True):
        assert np.linalg.norm(kernel, axis=axis).max() <= bound * (1 + 1e-6)
        assert np.linalg.norm(start, axis=axis).max() > bound


@pytest.mark.parametrize("ramp", [False, True])
def test_the_averages_of_an_epoch_equal_numpy(tensorflow, recipe, ramp):
    run = Replayed(recipe, decay=(0.8, ramp), optimizer="momentum")
    check_weights(run.weights(), run.oracle.weights, run.start)
    averages = [average.numpy() for average in run.program.average.averages()]
    check_weights(averages, run.oracle.shadows, run.start)


@pytest.mark.parametrize("threshold", [0.5, 2.0, 1e6])
def test_step_statistics_equal_numpy(tensorflow, recipe, threshold):
    run = Replayed(recipe, clip=("by_global_norm", threshold))
    np.testing.assert_allclose(run.trace.steps, run.oracle.steps, rtol=1e-5, atol=1e-6)
    names = [name.replace("score", "accuracy") for name in STEP_COLUMNS]
    means = dict(zip(names, np.mean(run.oracle.steps, axis=0), strict=True))
    assert run.trace.means() == pytest.approx(means, rel=1e-5)


def test_the_share_of_clipped_steps_can_lie_between_none_and_all(tensorflow, recipe):
    norms = sorted(step[3] for step in Replayed(recipe).oracle.steps)
    run = Replayed(recipe, clip=("by_global_norm", (norms[-1] + norms[-2]) / 2))
    assert 0 < run.trace.means()["share_of_steps_clipped"] < 1


def test_norms_are_of_the_sampled_steps_and_left_out_where_there_is_none(tensorflow, recipe):
    run = Replayed(recipe, clip=("by_global_norm", 0.5), sample_every=2)
    wanted = run.oracle.steps[1][3:]  # of three steps the second is sampled
    np.testing.assert_allclose(run.trace.steps[1, 3:], wanted, rtol=1e-5)
    assert np.isnan(run.trace.steps[[0, 2], 3:]).all()
    means = run.trace.means()
    assert means["gradient_norm_before_clipping"] == pytest.approx(wanted[0], rel=1e-5)
    assert means["gradient_norm_after_clipping"] == pytest.approx(wanted[1], rel=1e-5)
    assert means["train_loss"] == pytest.approx(np.mean(run.oracle.steps, axis=0)[0], rel=1e-5)
    quiet = Replayed(recipe, sample_every=0).trace.means()
    assert set(quiet) == {"train_loss", "train_accuracy", "share_of_steps_clipped"}


@pytest.mark.parametrize("sample_every", [1, 2])
def test_gradient_histograms_count_the_real_gradients(tensorflow, recipe, sample_every):
    run = Replayed(recipe, sample_every=sample_every)
    sampled = range(sample_every - 1, 3, sample_every)
    for layer, counts in enumerate(run.trace.gradient_counts):
        kernel_gradients = [run.oracle.gradients[step][2 * layer] for step in sampled]
        wanted = np.zeros(len(counts), int)
        for power, count in octave_counts(np.concatenate(kernel_gradients)).items():
            wanted[power + 127] = count
        wanted[0] = sum(int((gradient == 0).sum()) for gradient in kernel_gradients)
        assert counts.sum() == len(sampled) * run.start[2 * layer].size
        # float32 may put a gradient that lies on an edge on its other side
        assert np.abs(counts - wanted).sum() <= 4
        assert wanted.max() > 10


def test_exact_zeros_are_left_out_of_the_histogram(tensorflow, recipe):
    run = Replayed(recipe)  # digits has pixels that are 0 in every image
    dark = sum(int((step[0] == 0).sum()) for step in run.oracle.gradients)
    assert dark > 20
    assert run.trace.gradient_counts[0][0] == dark
    shown = log10_buckets(run.trace.gradient_counts[0])
    assert shown[:, 2].sum() == 3 * run.start[0].size - dark


def test_no_histogram_is_counted_when_none_is_asked_for(tensorflow, recipe):
    run = Replayed(recipe, sample_every=0)
    assert not run.trace.gradient_counts.any()


@pytest.mark.parametrize("clip", [None, ("by_global_norm", 0.5)])
def test_gradient_norms_and_update_ratios_of_layers_equal_numpy(tensorflow, recipe, clip):
    run = Replayed(recipe, sample_every=3, clip=clip)  # the last of three steps
    rate, end = 0.1, run.oracle.weights
    gradients = run.oracle.gradients[2]
    whole = np.sqrt(sum(np.sum(np.square(gradient)) for gradient in gradients))
    factor = rate if clip is None else rate * min(1, clip[1] / whole)
    assert clip is None or clip[1] < whole
    found = layer_means(run.trace.layer_columns, ["hidden1", "hidden2", "outputs"])
    for number, values in enumerate(found.values()):
        gradient = gradients[2 * number]
        before = end[2 * number] + factor * gradient
        norm = np.linalg.norm(gradient)
        ratio = np.linalg.norm(factor * gradient) / np.linalg.norm(before)
        assert values == pytest.approx({"gradient_norm": norm, "update_ratio": ratio}, rel=1e-4)


def test_layers_are_measured_at_no_step_that_is_not_sampled(tensorflow, recipe):
    assert Replayed(recipe, sample_every=2).trace.layer_columns.shape == (1, 6)
    assert Replayed(recipe, sample_every=0).trace.layer_columns.shape == (0, 6)


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_the_norm_of_numbers_whose_squares_are_no_floats(tensorflow, size):
    values = np.float32(size) * np.random.default_rng(0).normal(size=[30, 20]).astype(np.float32)
    wanted = np.linalg.norm(values.astype(np.float64))
    assert float(norm(tensorflow.constant(values))) == pytest.approx(wanted, rel=1e-6)
    assert float(norm(tensorflow.zeros([3]))) == 0
    assert not np.isfinite(float(norm(tensorflow.constant([1.0, np.inf]))))
