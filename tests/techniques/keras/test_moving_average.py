"""The moving average of the weights against the notes' printed traces and against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from ablations.techniques.weight_averages import ExponentialMovingAverage
from tests.reference import moving_average as oracle

# Notes 001, decay 0.99 with the ramp.  After "w 0 → 1 at n = 1" and "w = 10 at n = 100" comes an
# update that is not printed; then every tenth of a hundred updates is.
FIRST_LISTING = """2.8925343 6.973074 8.7108936 9.4509964 9.7661905 9.900424 9.957592 9.9819393
9.9923086 9.9967241"""
SECOND_LISTING = """2.9743524 11.139132 20.35755 30.024689 39.882935 49.822563 59.796848 69.785896
79.781242 89.779259"""


class Traced:
    """One shadowed variable."""

    def __init__(self, tensorflow, start=0.0, **parameters):
        self.tensorflow = tensorflow
        self.variable = tensorflow.Variable(np.float32(start))
        self.average = ExponentialMovingAverage(**parameters).build([self.variable], {})

    def update(self, weight, updates):
        """Set the weight, take it in, and return the average."""
        self.variable.assign(weight)
        self.average.update(self.tensorflow.constant(updates))
        return float(self.average.averages()[0].numpy())


def printed(value):
    """Eight significant digits, as the notes' NumPy printed a float32."""
    return f"{value:.8g}"


def test_starts_at_the_weights(tensorflow):
    traced = Traced(tensorflow, start=3.0, decay=0.99)
    assert float(traced.average.averages()[0]) == 3.0


def test_the_trace_of_three_values_comes_out(tensorflow):
    traced = Traced(tensorflow, decay=0.99, ramp=True)
    got = [traced.update(v, n) for v, n in ((0.0, 0), (5.0, 0), (10.0, 10_000), (10.0, 10_000))]
    assert [printed(value) for value in got[:2]] == ["0", "4.5"]
    np.testing.assert_allclose(got[2:], [4.555, 4.60945], rtol=1e-7)


@pytest.mark.parametrize(("growth", "listing"), [(0.0, FIRST_LISTING), (1.0, SECOND_LISTING)])
def test_the_printed_listings_of_the_notes_come_out(tensorflow, growth, listing):
    traced = Traced(tensorflow, decay=0.99, ramp=True)
    assert printed(traced.update(1.0, 1)) == "0.81818181"
    assert printed(traced.update(10.0, 100)) == "1.5694213"
    traced.update(10.0, 100)
    values = [traced.update(10.0 + growth * step, 100) for step in range(int(growth), 100)]
    assert [printed(value) for value in values[::10]] == listing.split()


@pytest.mark.parametrize("ramp", [False, True])
def test_equals_the_recursion(tensorflow, ramp):
    weights = np.random.default_rng(0).normal(size=40)
    traced = Traced(tensorflow, start=2.0, decay=0.9, ramp=ramp)
    got = [traced.update(weight, n) for n, weight in enumerate(weights, start=1)]
    np.testing.assert_allclose(got, oracle.average(2.0, weights, 0.9, ramp), rtol=0, atol=1e-6)


def test_zero_debias_is_the_weighted_mean_of_what_was_seen(tensorflow):
    weights = np.random.default_rng(1).normal(size=12)
    traced = Traced(tensorflow, start=50.0, decay=0.9, zero_debias=True)
    got = [traced.update(weight, n) for n, weight in enumerate(weights, start=1)]
    wanted = [oracle.debiased_mean(weights[:n], 0.9) for n in range(1, 13)]
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-6)


def test_zero_debias_is_finite_before_the_first_update(tensorflow):
    traced = Traced(tensorflow, start=50.0, decay=0.9, zero_debias=True)
    assert np.isfinite(float(traced.average.averages()[0]))


def test_reset_starts_again_from_the_weights(tensorflow):
    for debias in (False, True):
        traced = Traced(tensorflow, start=1.0, decay=0.5, zero_debias=debias)
        first = [traced.update(w, n) for n, w in enumerate((3.0, 4.0), start=1)]
        traced.variable.assign(1.0)
        traced.average.reset()
        assert [traced.update(w, n) for n, w in enumerate((3.0, 4.0), start=1)] == first


@pytest.mark.parametrize("decay", [0.5, 0.9])
def test_white_noise_shrinks_by_the_known_ratio(tensorflow, decay):
    count, steps = 40_000, 60  # the start's share of the variance is below decay¹²⁰, 4e-6
    generator = np.random.default_rng(2)
    variable = tensorflow.Variable(tensorflow.zeros([count]))
    average = ExponentialMovingAverage(decay=decay).build([variable], {})
    for step in range(steps):
        variable.assign(generator.normal(size=count).astype(np.float32))
        average.update(tensorflow.constant(step + 1))
    ratio = average.averages()[0].numpy().var()
    assert ratio == pytest.approx((1 - decay) / (1 + decay), rel=0.04)  # 5.7 standard errors


def test_only_trainable_weights_are_averaged(recipe, train):
    changes = {"model.normalization": "batch_norm", "training.weight_average": "ema"}
    program = train(recipe(changes)).program
    trainable = [variable.value for variable in program.model.trainable_variables]
    assert len(program.model.non_trainable_variables) > 0
    assert [id(v) for v in program.average.variables] == [id(v) for v in trainable]
    state = [name for name in program.state() if name.startswith("average/")]
    assert len(state) == len(trainable) + 1
