"""The same run gives the same bits, whatever ran before and whatever is recorded."""

from __future__ import annotations

import numpy as np
import pytest

from ablations.data.split import split
from tests.training.running import same_bits

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


def test_a_program_is_reused_for_another_learning_rate(recipe, train):
    slow = train(recipe())
    changed = recipe({"training.optimizer.learning_rate": 0.05})
    fast = train(changed, programs=slow.programs)
    assert fast.result.seconds["compile"] == 0
    assert not same_bits(slow.state(), fast.state())
    assert same_run(fast, train(changed))


def initial_state(recipe, seed):
    from ablations.data.catalog import read
    from ablations.training.program import Program

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
    from ablations.training.loop import EpochLoop

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
