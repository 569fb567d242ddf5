"""The same run gives the same bits, whatever ran before and whatever is recorded."""

from __future__ import annotations

import numpy as np
import pytest

from ablations.data.split import split
from tests.support.running import same_bits

FRESH_PROGRAMS = True

RANDOM = {
    "model.activation": "rrelu",
    "model.normalization": "batch_norm",
    "training.optimizer": "nadam",
    "training.weight_average": "ema",
    "training.clipping": "by_norm",
    "training.epochs": 2,
}


def same_run(one, other):
    return (
        one.metrics() == other.metrics()
        and one.epochs() == other.epochs()
        and same_bits(one.state(), other.state())
    )


@pytest.mark.parametrize("changes", [{"training.epochs": 2}, RANDOM], ids=["plain", "random"])
def test_a_run_repeats_itself_in_a_new_program_and_in_a_used_one(recipe, train, changes):
    wanted = recipe(changes)
    first = train(wanted, seed=4)
    other_arm = {**changes, "model.hidden": [7], "training.optimizer": "adam"}
    train(recipe(other_arm), seed=4, programs=first.programs)
    train(wanted, seed=5, programs=first.programs)
    reused = train(wanted, seed=4, programs=first.programs)
    assert reused.result.seconds["compile"] == 0
    assert same_run(first, reused)
    fresh = train(wanted, seed=4)
    assert fresh.result.seconds["compile"] > 0
    assert same_run(first, fresh)
    assert not same_bits(first.state(), train(wanted, seed=6).state())


@pytest.mark.parametrize(
    "telemetry", [{"histograms_every_epochs": 0}, {"gradient_samples_per_epoch": 1}]
)
def test_recording_touches_no_weight(recipe, train, telemetry):
    recorded = train(recipe(RANDOM))
    quiet = train(recipe({**RANDOM, **{f"telemetry.{k}": v for k, v in telemetry.items()}}))
    assert same_bits(recorded.state(), quiet.state())
    assert recorded.metrics() == quiet.metrics()
    assert recorded.result.fingerprint == quiet.result.fingerprint


NUMBERS = {
    "training.optimizer": {"name": "adamw", "beta_1": 0.8, "weight_decay": 0.01},
    "training.clipping": "by_norm",
    "training.weight_average": "ema",
}


CNN = {
    "model": {
        "name": "cnn",
        "filters": [2],
        "hidden": [4],
        "normalization": {"name": "batch_norm"},
        "dropout": 0.2,
    }
}


@pytest.mark.parametrize(
    ("base", "change"),
    [
        ({}, {"training.optimizer.learning_rate": 0.05}),
        ({}, {"model.initializer": {"name": "random_normal", "stddev": 0.3}}),
        (CNN, {"model.normalization.momentum": 0.5}),
        (CNN, {"model.dropout": 0.5}),
        (
            NUMBERS,
            {
                "training.optimizer.beta_1": 0.5,
                "training.clipping.threshold": 0.01,
                "training.weight_average.decay": 0.5,
            },
        ),
    ],
    ids=lambda value: ",".join(map(str, value)),
)
def test_arms_that_differ_in_a_number_share_a_program_and_no_bit(recipe, train, base, change):
    first = train(recipe(base))
    used = train(recipe({**base, **change}), programs=first.programs)
    assert used.result.seconds["compile"] == 0
    assert not same_bits(first.state(), used.state())
    alone = train(recipe({**base, **change}))
    assert alone.result.seconds["compile"] > 0
    assert same_run(used, alone)
    assert same_run(first, train(recipe(base), programs=first.programs))


@pytest.mark.parametrize(
    "change",
    [
        {"training.optimizer.momentum": 0.0},
        {"training.optimizer.weight_decay": 0.1},
        {"model.activation": "relu"},
        {"training.batch_size": 10},
        {"model.dropout": 0.2},
    ],
    ids=str,
)
def test_what_shapes_the_graph_gets_a_program_of_its_own(recipe, train, change):
    base = {"training.optimizer": {"name": "momentum", "momentum": 0.9}}
    first = train(recipe(base))
    used = train(recipe({**base, **change}), programs=first.programs)
    assert used.result.seconds["compile"] > 0
    assert same_run(used, train(recipe({**base, **change})))


def initial_state(recipe, seed):
    from ablations.data.catalog import read
    from ablations.training.trainers.compiled.program import Program

    program = Program(recipe, read("digits", None))
    program.reset(recipe, seed)
    return {name.split("/", 2)[2]: array for name, array in program.state().items()}


@pytest.mark.parametrize(
    "changes",
    [
        {"model.activation": "rrelu"},
        {"model.activation": "prelu"},
        {"model.hidden": [8, 6, 6]},
        {"training.optimizer": "adam"},
        {"model.normalization": {"name": "batch_norm", "position": "after"}},
    ],
    ids=str,
)
def test_arms_start_from_the_same_draws_where_shapes_agree(tensorflow, recipe, changes):
    base, arm = initial_state(recipe(), 2), initial_state(recipe(changes), 2)
    shared = [name for name in base if name in arm and name.startswith("hidden")]
    assert {"hidden1/kernel", "hidden2/kernel"} <= set(shared)
    assert all(np.array_equal(base[name], arm[name]) for name in shared)
    other_seed = initial_state(recipe(), 3)
    assert not np.array_equal(base["hidden1/kernel"], other_seed["hidden1/kernel"])


def test_layers_of_one_shape_start_from_different_draws(tensorflow, recipe):
    state = initial_state(recipe({"model.hidden": [6, 6, 6]}), 0)
    assert not np.array_equal(state["hidden2/kernel"], state["hidden3/kernel"])


def test_arms_see_the_same_rows_in_the_same_order(tensorflow, recipe, train, monkeypatch):
    from ablations.training.trainers.compiled.loop import EpochLoop

    seen = []
    real = EpochLoop.run

    def run(loop, order, *rest):
        if len(order):  # tracing trains an epoch of no steps
            seen.append(order)
        return real(loop, order, *rest)

    monkeypatch.setattr(EpochLoop, "run", run)
    epochs = {"training.epochs": 2}
    train(recipe(epochs), seed=1)
    train(recipe({**epochs, "model.activation": "rrelu", "training.optimizer": "adam"}), seed=1)
    train(recipe(epochs), seed=2)
    assert [np.array_equal(seen[n], seen[n + 2]) for n in (0, 1)] == [True, True]
    assert not np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[0], seen[4])
    rows, validation = split(recipe().data, 1437, 1)
    assert set(seen[0].ravel()) == set(rows)
    assert not set(seen[0].ravel()) & set(validation)
