"""Weights that are reused: which layers, from where, what stays fixed, and in which stages."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ablations.errors import ModelError
from tests.support.running import recorded_events

BOTTOM = {
    "model.normalization": {"name": "batch_norm", "momentum": 0.9},
    "model.dropout": 0.2,
    "training.optimizer.learning_rate": 0.1,
}


def from_file(trained, **transfer):
    source = {"name": "checkpoint", "path": str(trained.directory.final_state)}
    return {f"transfer.{key}": value for key, value in {"source": source, **transfer}.items()}


def named(trained):
    """Return layer/variable → array of the final model."""
    state = trained.state().items()
    return {n.split("/", 2)[2]: array for n, array in state if n.startswith("model/")}


def same(one, other, *layers):
    """Return whether all variables of some layers are the same, bit for bit."""
    one, other = named(one), named(other)
    names = [n for n in one if n.split("/")[0] in layers and "seed" not in n]
    assert {name.split("/")[0] for name in names} == set(layers)
    return {one[name].tobytes() == other[name].tobytes() for name in names}


@pytest.fixture(scope="module")
def first(tensorflow, tmp_path_factory):
    """A finished run to take weights from: batch normalization, dropout, two epochs."""
    from tests.support.running import make_recipe, train_into

    recipe = make_recipe({**BOTTOM, "training.epochs": 2})
    return train_into(tmp_path_factory.mktemp("transfer") / "first", recipe, seed=9)


def test_frozen_layers_keep_every_bit_and_the_others_learn(recipe, train, first):
    changes = {**BOTTOM, "training.epochs": 2, "training.weight_average": "ema"}
    tuned = train(recipe({**changes, **from_file(first, freeze=".*1")}))
    assert same(first, tuned, "hidden1", "batch_norm1") == {True}
    assert True not in same(first, tuned, "hidden2", "batch_norm2", "outputs")
    top = train(recipe({**changes, **from_file(first, freeze="outputs")}))
    assert same(first, top, "outputs") == {True}
    assert True not in same(first, top, "hidden1", "hidden2")
    assert tuned.result.parameters == top.result.parameters == first.result.parameters
    assert [stage.name for stage in tuned.result.stages] == ["fine_tune"]


def test_a_frozen_bottom_runs_in_inference_mode(recipe, tensorflow, first):
    from ablations.data.catalog import read
    from ablations.training.stage import StageSetup
    from ablations.training.trainers.compiled.program import Program

    data = read("digits", None)
    program = Program(recipe(BOTTOM), data, StageSetup(frozen=".*1"))
    layers = [layer.name for layer in program.loop.model.layers]
    assert layers == ["pixels", "bottom", "top"]
    bottom = program.loop.model.get_layer("bottom")
    assert [layer.name for layer in bottom.layers][-1] == "elu1"  # dropout1 stays with the top
    pixels = data.train_features[:20] / np.float32(16)
    one, other = (program.loop.model(pixels, training=True) for _ in range(2))
    assert not np.array_equal(one, other)  # by the dropout of the top
    assert np.array_equal(bottom(pixels, training=False), bottom(pixels, training=False))


def test_validation_above_a_frozen_bottom_is_that_of_the_whole_network(recipe, train, first):
    from ablations.training.stage import stages_of
    from ablations.training.trainers.compiled.stage_data import StageData

    wanted = recipe({**BOTTOM, "training.epochs": 3, **from_file(first, freeze=".*1")})
    trained = train(wanted)
    program, (stage,) = trained.program, stages_of(wanted)
    assert program.monitor.model is not program.classifier  # the bottom's outputs are computed once
    whole = program.evaluation.run(StageData(stage, 0, None).validation)
    last = trained.epochs()[-1]
    assert whole == pytest.approx((last["validation_loss"], last["validation_accuracy"]), rel=1e-6)


def test_layers_are_unfrozen_from_the_top_in_stages(recipe, train, first):
    stages = [{"after_epochs": 1, "freeze": ".*1"}, {"after_epochs": 3}]
    transfer = from_file(first, freeze=".*[12]", unfreeze=stages)
    two = train(recipe({**BOTTOM, "training.epochs": 2, **from_file(first, freeze=".*[12]"),
                        "transfer.unfreeze": stages[:1]}))  # fmt: skip
    assert same(first, two, "hidden1", "batch_norm1") == {True}
    assert True not in same(first, two, "hidden2", "batch_norm2")
    four = train(recipe({**BOTTOM, "training.epochs": 4, **transfer}))
    assert True not in same(first, four, "hidden1", "hidden2", "outputs")
    records = [(stage.name, stage.epochs, stage.updates) for stage in four.result.stages]
    assert records == [("fine_tune1", 1, 3), ("fine_tune2", 2, 6), ("fine_tune3", 1, 3)]
    lines = four.epochs()
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4]
    assert [line["stage"] for line in lines] == [1, 2, 2, 3]
    assert lines[0]["train_loss"] == two.epochs()[0]["train_loss"]
    stored = json.loads(four.directory.result.read_text())["stages"]
    assert stored[-1]["losses"]["train"] == lines[-1]["train_loss"]


def test_another_task_is_learned_first_and_its_layers_are_handed_on(recipe, train):
    first = {"data.classes": [0, 1, 2, 3, 4], "data.train_examples": 100, "training.epochs": 3}
    alone = train(recipe(first))
    transfer = {
        "data.classes": [5, 6, 7, 8, 9],
        "transfer.source": {"name": "task", "changes": first},
        "transfer.reuse": "hidden.*",
        "transfer.freeze": "hidden.*",
    }
    both = train(recipe(transfer))
    assert same(alone, both, "hidden1", "hidden2") == {True}
    assert True not in same(alone, both, "outputs")
    source, own = both.result.stages
    assert (source.name, source.epochs, source.updates) == ("source_task", 3, 15)
    assert source.losses["train"] == alone.epochs()[-1]["train_loss"]
    assert (own.name, own.epochs, own.updates) == ("fine_tune", 1, 3)
    assert (both.result.epochs, both.result.updates, both.result.best_epoch) == (4, 18, 4)
    lines = both.epochs()
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4]
    wanted = [line["train_loss"] for line in alone.epochs()]
    assert [line.get("pretraining_loss") for line in lines] == [*wanted, None]
    assert ["train_loss" in line for line in lines] == [False] * 3 + [True]
    steps = [event[0] for event in recorded_events(both.directory.path) if len(event) == 3]
    shown = {(event[0], event[1]) for event in recorded_events(both.directory.path)}
    assert {(3, "pretraining/loss"), (4, "curves/train_loss"), (4, "optimization/stage")} <= shown
    assert (0, "stages") in shown
    assert max(steps) == 4


def test_top_layers_are_dropped_replaced_and_added(recipe, train):
    source = train(recipe({"model.hidden": [8, 6, 5]}))
    for hidden, reuse in (([8, 6], ".*"), ([8, 6, 7], "hidden[12]"), ([8, 6, 5, 4], "hidden.*")):
        reuse = "hidden.*" if reuse == ".*" else reuse  # outputs would not fit
        changes = from_file(source, reuse=reuse, freeze="hidden[12]")
        tuned = train(recipe({"model.hidden": hidden, **changes}))
        assert same(source, tuned, "hidden1", "hidden2") == {True}
        assert named(tuned)[f"hidden{len(hidden)}/kernel"].shape[1] == hidden[-1]


def test_arrays_of_another_framework_are_read_by_variable_name(recipe, train, tmp_path):
    kernel = np.full((64, 8), 0.125, np.float32)
    np.savez(tmp_path / "w.npz", **{"hidden1/kernel": kernel, "hidden1/bias:0": np.ones(8, "f4")})
    source = {"name": "checkpoint", "path": str(tmp_path / "w.npz")}
    tuned = train(recipe({"transfer.source": source, "transfer.freeze": "hidden1"}))
    assert np.array_equal(named(tuned)["hidden1/kernel"], kernel)
    assert np.array_equal(named(tuned)["hidden1/bias"], np.ones(8))


def test_each_seed_may_take_the_checkpoint_of_its_own_seed(recipe):
    source = {"name": "checkpoint", "path": "runs/a/b/seed-{seed}/checkpoint/state.npz"}
    technique = recipe({"transfer.source": source}).transfer.source
    assert str(technique.file(7)) == "runs/a/b/seed-7/checkpoint/state.npz"


MISFITS = [
    ({"transfer.freeze": "hiden1"}, 'transfer.freeze: "hiden1" matches no layer with weights; '
     "Known: hidden1, batch_norm1, hidden2, batch_norm2, outputs"),
    ({"transfer.freeze": ".*"}, 'transfer.freeze: ".*" leaves nothing to train'),
    ({"transfer.reuse": "conv.*"}, 'transfer.reuse: "conv.*" matches no layer'),
    ({"transfer.freeze": "outputs", "transfer.cache": True}, "no bottom of the network is frozen"),
    ({"model.hidden": [9, 6]}, "transfer.source: hidden1/kernel is [64, 8]; wants [64, 9], or a "
     "reuse that leaves hidden1 out"),
    ({"transfer.source.path": "nowhere.npz"}, "transfer.source: nowhere.npz: no such file"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), MISFITS, ids=lambda value: str(value)[:40])
def test_what_does_not_fit_is_known_before_training(changes, message, recipe, first):
    from ablations.data.catalog import describe
    from ablations.training.trainers.compiled.transfer import check_transfer

    wanted = recipe({**BOTTOM, **from_file(first), **changes})
    facts = {wanted.data: describe("digits", None)}
    with pytest.raises(ModelError) as caught:
        check_transfer("deep", wanted, facts, [0, 1])
    assert str(caught.value).startswith("arm deep: ")
    assert message in str(caught.value)


def test_arrays_of_a_model_without_such_layers_are_refused(recipe, first, tmp_path):
    from ablations.data.catalog import describe
    from ablations.training.trainers.compiled.transfer import check_transfer

    np.savez(tmp_path / "w.npz", dense=np.ones(3))
    source = {"name": "checkpoint", "path": str(tmp_path / "w.npz")}
    wanted = recipe({"transfer.source": source})
    with pytest.raises(ModelError, match=r"wants some of hidden1/kernel, .*; got dense"):
        check_transfer("a", wanted, {wanted.data: describe("digits", None)}, [0])


TASK_A = {"transfer.source": {"name": "task", "changes": {"data.classes": [0, 1, 2, 3]}}}
MADE_OF_A_TASK = [
    ({}, True),
    ({"transfer.reuse": "hidden1", "transfer.freeze": "hidden1"}, True),
    ({"transfer.freeze": "hidden1", "transfer.cache": True}, True),
    ({"transfer.freeze": "hidden.*", "transfer.unfreeze": [{"after_epochs": 1}]}, True),
    ({"transfer.reuse": ".*"}, False),
    ({"transfer.reuse": "conv.*"}, False),
    ({"transfer.freeze": ".*"}, False),
    ({"transfer.freeze": "outputs", "transfer.cache": True}, False),
]


@pytest.mark.parametrize(("changes", "fits"), MADE_OF_A_TASK, ids=lambda value: str(value)[:40])
def test_what_fits_surely_is_known_without_building_and_agrees_with_the_networks(
    changes, fits, recipe
):
    from ablations.data.catalog import describe
    from ablations.execution.checks import can_misfit
    from ablations.training.trainers.compiled.transfer import check_transfer

    wanted = recipe({**TASK_A, "transfer.reuse": "hidden.*", **changes})
    facts = {data: describe(data.name, None, data.classes) for data in wanted.all_data}
    assert can_misfit(wanted, facts) is not fits
    if fits:
        check_transfer("a", wanted, facts, [0])
    else:
        with pytest.raises(ModelError):
            check_transfer("a", wanted, facts, [0])


def test_no_network_is_built_to_plan_the_study_of_transfer(mnist: Path) -> None:
    from ablations.execution.catalog import CATALOG
    from ablations.execution.checks import can_misfit
    from ablations.execution.facts import check
    from ablations.study.load import load_studies

    study = load_studies(Path("configs/transfer.yaml"), CATALOG)[0]
    known = check(study, study.arms, [10], mnist)
    assert not [arm.name for arm in study.arms if can_misfit(arm.trained, known.data)]
