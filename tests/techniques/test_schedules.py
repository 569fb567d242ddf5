"""Every schedule against its formula, and the rates that training really uses."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ablations.techniques.schedules import SCHEDULES
from ablations.training.trainers.compiled.rates import LearningRates
from tests.reference import schedules as oracle
from tests.techniques.test_catalogue import naming, refusal

FRESH_PROGRAMS = True

RATE, STEPS, EPOCHS = 0.3, 7, 6
TOTAL = STEPS * EPOCHS
CASES = {
    "piecewise_constant": [
        (
            {"boundaries_epochs": [2, 4.5], "factors_of_rate": [0.1, 2.0]},
            lambda t: oracle.piecewise_constant(RATE, t, STEPS, [2, 4.5], [0.1, 2.0]),
        )
    ],
    "exponential": [
        ({"updates_per_decade": 20}, lambda t: oracle.exponential(RATE, t, 20)),
        ({}, lambda t: oracle.exponential(RATE, t, 10000)),
    ],
    "exponential_decay": [
        ({"decay_steps": 5, "decay_rate": 0.5, "staircase": stairs}, formula)
        for stairs, formula in (
            (False, lambda t: oracle.exponential_decay(RATE, t, 5, 0.5, False)),
            (True, lambda t: oracle.exponential_decay(RATE, t, 5, 0.5, True)),
        )
    ]
    + [({}, lambda t: oracle.exponential_decay(RATE, t, 10000, 0.1, False))],
    "power": [
        ({"scale_updates": 8}, lambda t: oracle.power(RATE, t, 8, 1)),
        ({"scale_updates": 8, "exponent": 0.5}, lambda t: oracle.power(RATE, t, 8, 0.5)),
    ],
    "inverse_time": [
        ({"decay_per_epoch": 0.7}, lambda t: oracle.inverse_time(RATE, t, STEPS, 0.7))
    ],
    "cosine": [
        ({}, lambda t: oracle.cosine(RATE, t, TOTAL, 0)),
        ({"final_share": 0.2}, lambda t: oracle.cosine(RATE, t, TOTAL, 0.2)),
    ],
    "one_cycle": [
        ({}, lambda t: oracle.one_cycle(RATE, t, TOTAL, 0.3, 25, 1e4)),
        (
            {"rising_share": 0.5, "start_divisor": 4.0, "final_divisor": 10.0},
            lambda t: oracle.one_cycle(RATE, t, TOTAL, 0.5, 4, 10),
        ),
        (
            {"annealing": "linear"},
            lambda t: oracle.one_cycle_in_lines(RATE, t, TOTAL, 0.3, 25, 1e4),
        ),
        (
            {
                "annealing": "linear",
                "three_phases": True,
                "rising_share": 0.45,
                "start_divisor": 10.0,
                "final_divisor": 1000.0,
            },
            lambda t: oracle.one_cycle_in_three(RATE, t, TOTAL, 0.45, 10, 1000),
        ),
    ],
}
FLAT = [(name, settings, rate) for name, cases in CASES.items() for settings, rate in cases]


def learning_rates(recipe, schedule, steps=STEPS):
    changes = {"training.epochs": EPOCHS, "training.optimizer.learning_rate": RATE}
    return LearningRates(recipe({**changes, "training.schedule": schedule}).training, steps)


def all_rates(recipe, schedule):
    rates = learning_rates(recipe, schedule)
    return np.concatenate([rates.of_epoch(epoch) for epoch in range(1, EPOCHS + 1)])


@pytest.mark.parametrize(("name", "settings", "rate"), FLAT, ids=[f"{n} {s}" for n, s, _ in FLAT])
def test_every_update_has_the_rate_of_the_formula(recipe, name, settings, rate):
    got = all_rates(recipe, {"name": name, **settings})
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, [rate(t) for t in range(TOTAL)], rtol=1e-6)


def test_every_schedule_has_a_formula_here():
    names = {technique.model_fields["name"].default for technique in SCHEDULES.techniques}
    assert names == {*CASES, "performance"}


def test_no_schedule_keeps_the_rate(recipe):
    assert (all_rates(recipe, None) == np.float32(RATE)).all()


def test_keras_has_the_same_rates_where_it_has_the_schedule(tensorflow, recipe):
    import keras

    ours_and_theirs = [
        (
            {"name": "exponential_decay", "decay_steps": 5, "decay_rate": 0.5, "staircase": True},
            keras.optimizers.schedules.ExponentialDecay(RATE, 5, 0.5, True),
        ),
        (
            {"name": "cosine", "final_share": 0.2},
            keras.optimizers.schedules.CosineDecay(RATE, TOTAL, alpha=0.2),
        ),
        (
            {"name": "inverse_time", "decay_per_epoch": 0.7},
            keras.optimizers.schedules.InverseTimeDecay(RATE, STEPS, 0.7, True),
        ),
    ]
    for ours, theirs in ours_and_theirs:
        wanted = [float(theirs(t)) for t in range(TOTAL)]
        np.testing.assert_allclose(all_rates(recipe, ours), wanted, rtol=1e-5)


def test_one_cycle_peaks_at_the_optimizers_rate_and_ends_far_below_it(recipe):
    got = all_rates(recipe, "one_cycle")
    assert got.max() < RATE < got.max() * 1.02  # the peak falls between two updates
    assert got.argmax() in (11, 12)
    assert got[-1] == pytest.approx(RATE / 25 / 1e4, rel=1e-5)
    assert (np.diff(got[:12]) > 0).all()
    assert (np.diff(got[12:]) < 0).all()


@pytest.mark.parametrize("annealing", ["cosine", "linear"])
def test_three_phases_end_at_the_same_rate_and_meet_at_the_start(recipe, annealing):
    schedule = {"name": "one_cycle", "three_phases": True, "annealing": annealing}
    schedule["rising_share"] = 0.25  # of 42 updates: the fall ends with number 19
    got = all_rates(recipe, schedule)
    assert got[0] == pytest.approx(RATE / 25)
    assert got[19] == pytest.approx(RATE / 25, rel=1e-5)
    assert got[-1] == pytest.approx(RATE / 25 / 1e4, rel=1e-5)
    with pytest.raises(ValueError, match="three_phases wants rising_share ≤"):
        recipe({"training.schedule": {**schedule, "rising_share": 0.6}})


def test_one_cycle_of_a_single_update_has_a_rate(recipe):
    changes = {"training.epochs": 1, "training.schedule": "one_cycle"}
    assert np.isfinite(LearningRates(recipe(changes).training, 1).of_epoch(1)).all()


ERRORS = [1.0, 0.8, 0.79, 0.9, 0.9, 0.9, 0.9, 0.5, 0.6, 0.6, 0.49]


@pytest.mark.parametrize("min_delta", [0.0, 0.05])
@pytest.mark.parametrize("monitor", ["validation_loss", "validation_accuracy"])
@pytest.mark.parametrize("patience", [1, 2, 3])
def test_performance_reduces_as_reduce_lr_on_plateau(recipe, patience, monitor, min_delta):
    schedule = {
        "name": "performance",
        "factor": 0.5,
        "patience_epochs": patience,
        "monitor": monitor,
        "min_delta": min_delta,
    }
    rates, got = learning_rates(recipe, schedule), []
    for epoch, error in enumerate(ERRORS, start=1):
        value = error if monitor == "validation_loss" else 1 - error
        rates.after_epoch(epoch, {monitor: value})
        got.append(rates.of_epoch(epoch + 1))
    wanted = oracle.performance(RATE, ERRORS, 0.5, patience, min_delta)
    assert wanted[-1] < RATE
    np.testing.assert_allclose(got, np.tile(np.array(wanted)[:, None], STEPS), rtol=1e-6)


def test_performance_goes_on_from_its_state(recipe):
    schedule = {"name": "performance", "factor": 0.5, "patience_epochs": 2}
    whole, resumed = learning_rates(recipe, schedule), learning_rates(recipe, schedule)
    for epoch, error in enumerate(ERRORS, start=1):
        whole.after_epoch(epoch, {"validation_loss": error})
        resumed.after_epoch(epoch, {"validation_loss": error})
        state = resumed.state
        assert all(isinstance(x, (int, float)) and math.isfinite(x) for x in state.values())
        resumed = learning_rates(recipe, schedule)
        resumed.state = dict(state)
        assert (resumed.of_epoch(epoch + 1) == whole.of_epoch(epoch + 1)).all()


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "ftrl", "schedule_free_adamw"])
def test_the_optimizer_holds_the_rate_of_each_step_and_the_last_is_logged(
    tensorflow, recipe, train, monkeypatch, optimizer
):
    import keras

    used = []
    apply = keras.optimizers.Optimizer.apply

    def recording(self, gradients, variables=None):
        rate = self.learning_rate.value
        tensorflow.numpy_function(lambda rate: used.append(float(rate)), [rate], [])
        return apply(self, gradients, variables)

    monkeypatch.setattr(keras.optimizers.Optimizer, "apply", recording)
    schedule = {"name": "exponential", "updates_per_decade": 4}
    changes = {"training.schedule": schedule, "training.epochs": 3}
    trained = train(recipe({**changes, "training.optimizer": optimizer}))
    rate = recipe({"training.optimizer": optimizer}).training.optimizer.learning_rate
    wanted = [oracle.exponential(rate, t, 4) for t in range(9)]
    np.testing.assert_allclose(used, wanted, rtol=1e-6)
    logged = [line["learning_rate"] for line in trained.epochs()]
    np.testing.assert_allclose(logged, wanted[2::3], rtol=1e-6)


def test_performance_falls_with_the_validation_loss_of_the_training(recipe, train):
    schedule = {"name": "performance", "factor": 0.1, "patience_epochs": 1}
    rate = {"training.optimizer.learning_rate": 3.0, "training.epochs": 8}
    trained = train(recipe({**rate, "training.schedule": schedule}))
    lines = trained.epochs()
    losses = [line["validation_loss"] for line in lines]
    wanted = [3.0, *oracle.performance(3.0, losses, 0.1, 1, 0.0)[:-1]]
    np.testing.assert_allclose([line["learning_rate"] for line in lines], wanted, rtol=1e-6)
    assert wanted[-1] < 3.0


def test_schedules_share_one_program_and_trace_nothing_anew(recipe, train):
    first = train(recipe())
    for schedule in ("cosine", "performance", "one_cycle"):
        other = train(recipe({"training.schedule": schedule}), programs=first.programs)
        assert other.result.seconds["compile"] == 0
    assert len(first.programs._kept) == 1
    assert other.result.fingerprint != first.result.fingerprint


IDLE = [
    ({"name": "piecewise_constant", "boundaries_epochs": [B], "factors_of_rate": [0.1]}, B >= 6)
    for B in (5, 5.5, 6, 8)
] + [({"name": "performance", "patience_epochs": P, "factor": 0.1}, P > 4) for P in (1, 4, 5, 9)]


@pytest.mark.parametrize(("schedule", "idle"), [*IDLE, ("cosine", False)], ids=str)
def test_a_schedule_that_cannot_act_in_its_epochs_says_so(recipe, schedule, idle):
    changes = {"training.epochs": EPOCHS, "training.schedule": schedule}
    rates, used = LearningRates(recipe(changes).training, STEPS), []
    for epoch in range(1, EPOCHS + 1):  # the validation loss rises from the first epoch on
        used += rates.of_epoch(epoch).tolist()
        rates.after_epoch(epoch, {"validation_loss": float(epoch)})
    assert bool(rates.schedule.why_idle(EPOCHS)) == idle == (len(set(used)) == 1)


@pytest.mark.parametrize("boundaries", [[3, 3], [4, 2], [0, 1], [], "soon", [1, True]])
def test_boundaries_that_do_not_rise_are_refused(boundaries):
    factors = [0.5] * (len(boundaries) if isinstance(boundaries, list) else 1) or [0.5]
    settings = {"boundaries_epochs": boundaries, "factors_of_rate": factors}
    message = refusal(naming("schedule", "piecewise_constant", **settings))
    wanted = "training.schedule.boundaries_epochs: wants a list of epochs > 0, each above the one"
    assert wanted in message


def test_boundaries_without_their_factors_are_refused():
    settings = {"boundaries_epochs": [1, 2], "factors_of_rate": [0.1]}
    message = refusal(naming("schedule", "piecewise_constant", **settings))
    assert "wants a factor for each boundary, got 2 boundaries and 1 factors" in message
