"""A run on several devices is that of one device to rounding, whatever its techniques are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablations.commands.run import run
from ablations.errors import DeviceError
from ablations.execution.options import Options
from ablations.execution.worker_process import WorkerProcess
from ablations.ledger.paths import RunsDirectory
from ablations.techniques.catalog import FAMILIES
from ablations.training import runtime
from ablations.user_code import FORM
from tests.support.running import TINY, Trained, make_recipe, same_bits, train_into
from tests.support.user_code import PACKAGE
from tests.techniques.test_catalogue import naming

Changes = Mapping[str, Any]
DEVICES = 2
EVERYTHING = os.environ.get("ABLATIONS_REQUIRE_ALL") == "1"
EVERY_SO_MANY = 4
"""Of the recipes, every day."""
PATIENCE = 120.0
ALONE = ("model", "pretraining")
"""The families whose techniques do not go with all others."""
QUIET = {"telemetry.histograms_every_epochs": 0}
RANDOM = {"model.dropout": 0.5, "model.activation": "rrelu", "training.epochs": 2}
DRAWS = ("rrelu", "good_or_corrupted")
"""What draws as it trains, differently on each device."""
LOW = ("mixed_bfloat16", "mixed_float16")
"""What rounds more, by itself."""
POINTWISE = ("activation", "initializer", "schedule")
"""The families of which a step on a part of a batch is told nothing: as many as fit are tried."""
OWN_MODEL = f"{PACKAGE}.normalized"
OF_THE_TASK = ("loss", "metric")
"""One a recipe; ``tests/training/test_tasks.py`` has them."""
ROUNDING = 2e-5
"""Of numbers of the size of one, after some steps, the worst technique (most are at 1e-7)."""


def names(title: str) -> list[str]:
    known = (technique.model_fields["name"].default for technique in FAMILIES[title].techniques)
    left_out = (*DRAWS, *LOW)
    return [OWN_MODEL if name == FORM else name for name in known if name not in left_out]


def together() -> list[Changes]:
    """Return recipes in which every technique occurs, most of them with others."""
    families = [title for title in FAMILIES if title not in (*ALONE, *OF_THE_TASK)]
    longest = max(len(names(title)) for title in families if title not in POINTWISE)
    rows = islice(zip_longest(*map(names, families)), longest)
    recipes = [
        {
            path: value
            for title, name in zip(families, row, strict=True)
            if name
            for path, value in naming(title, name).items()
        }
        for row in rows
    ]
    return recipes + [naming(title, name) for title in ALONE for name in names(title)]


def train_all(directory: Path, recipes: list[Changes]) -> list[Trained]:
    """Train each recipe on the devices of this process."""
    here = {"transfer.source.path": str(directory.parent / "weights.npz")}
    trained = [
        train_into(
            directory / str(n),
            make_recipe(QUIET | c | (here if "transfer.source.path" in c else {})),
        )
        for n, c in enumerate(recipes)
    ]
    return [Trained(each.result, each.directory, None) for each in trained]


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    """Return a function that is called in a process whose runs take several devices."""
    process = WorkerProcess(runtime.start, None, DEVICES)
    yield lambda function, *arguments: process.call(function, arguments, PATIENCE)
    process.end()


def test_every_technique_trains_on_several_devices_as_on_one(mirrored, tensorflow, tmp_path, show):
    recipes = together()[:: 1 if EVERYTHING else EVERY_SO_MANY]
    np.savez(tmp_path / "weights.npz", **{"hidden1/kernel": np.full((64, 8), 0.1, np.float32)})
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    alone = train_all(tmp_path / "one", recipes)
    several = mirrored(train_all, tmp_path / "two", recipes)
    worst = {}
    for changes, one, two in zip(recipes, alone, several, strict=True):
        assert one.result.status == two.result.status == "completed"
        assert two.result.environment["device"] == f"{DEVICES} x CPU"
        assert one.result.environment["device"] == "CPU"
        assert one.result.fingerprint == two.result.fingerprint
        ours, theirs = one.state(), two.state()
        assert ours.keys() == theirs.keys()
        worst[str(changes)] = max(
            float(np.abs((ours[name] - theirs[name]) / np.maximum(1, np.abs(ours[name]))).max())
            for name in ours
            if ours[name].dtype == np.float32
        )
        for mine, its in zip(one.epochs(), two.epochs(), strict=True):
            assert mine == pytest.approx(its, abs=1e-3, nan_ok=True), changes
    changes = max(worst, key=worst.__getitem__)
    show(
        f"{DEVICES} devices and one, techniques in {len(recipes)} recipes: "
        f"at most {worst[changes]:.0e} apart, by {changes}"
    )
    assert worst[changes] < ROUNDING, changes


def test_low_precision_trains_on_several_devices_to_its_own_rounding(
    mirrored, tensorflow, tmp_path
):
    """A part's mean loss has gradients twice as large: one scale more can overflow, half of it."""
    overflows = {"name": "mixed_float16", "initial_scale": 1e9}
    recipes = [{"training.precision": name} for name in LOW]
    recipes += [{"training.precision": overflows, "training.epochs": 6}]
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    alone = train_all(tmp_path / "one", recipes)
    several = mirrored(train_all, tmp_path / "two", recipes)
    for one, two in zip(alone[:2], several[:2], strict=True):
        assert one.result.updates == two.result.updates == 3
        for ours, theirs in zip(one.weights(), two.weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-3)
    assert several[2].epochs()[0]["steps_skipped"] == 3
    assert 0 < alone[2].result.updates - several[2].result.updates <= 1


def train_in_two_halves(path: Path) -> tuple[Trained, Mapping[str, Any]]:
    """Train a run with dropout as a whole; and its second half, from the state between."""
    from ablations.training.trainers.compiled.programs import Programs
    from ablations.training.trainers.compiled.trainer import CompiledTrainer
    from ablations.training.training_state import Progress

    recipe = make_recipe(RANDOM)
    whole = train_into(path, recipe)

    class HalfError(Exception):
        pass

    def stop(record):
        if record.epoch == 1:
            raise HalfError

    first = CompiledTrainer(recipe, 0, None, Programs())
    first.start(Progress(), {})
    with pytest.raises(HalfError):
        first.train(stop)
    second = CompiledTrainer(recipe, 0, None, Programs())
    second.restore(first.state(), first.arrays())
    second.train(lambda record: None)
    return Trained(whole.result, whole.directory, None), second.variables()


def masks_of_parts() -> Any:
    """Return what a dropout layer lets through, 0 or 1, as the mean over the devices."""
    import tensorflow as tf

    from ablations.training.trainers.compiled.programs import Programs
    from ablations.training.trainers.compiled.trainer import CompiledTrainer
    from ablations.training.training_state import Progress

    trainer = CompiledTrainer(make_recipe(RANDOM), 0, None, Programs())
    trainer.start(Progress(), {})
    program = trainer.stage.program
    layer = next(each for each in program.model.layers if "dropout" in each.name)
    ones = tf.ones([100, 8])

    @tf.function(autograph=False)
    def passed():
        def count(part):
            return tf.cast(layer(part, training=True) > 0, tf.float32)

        return program.replicas.mean(count, [ones])

    return passed().numpy()


def test_each_device_draws_its_own_dropout_and_goes_on_with_it(mirrored, tmp_path):
    masks = mirrored(masks_of_parts)
    differing = np.mean((masks > 0.1) & (masks < 0.9))  # of two masks of a half, one in two
    assert differing == pytest.approx(0.5, abs=0.1)
    whole, resumed = mirrored(train_in_two_halves, tmp_path / "whole")
    assert same_bits(whole.state(), resumed)


def test_a_study_is_trained_on_virtual_devices_of_the_cpu_and_says_so(workplace, capsys):
    options = Options(device="cpu", workers=1, devices_per_run=DEVICES)
    assert run("small", ["elu"], [0], None, (), options) == 0
    assert (
        "each run takes 2 virtual devices of the CPU, which is no faster" in capsys.readouterr().out
    )
    result = RunsDirectory(options.runs).run("small", "elu", 0).result.read_text()
    assert f"{DEVICES} x CPU" in result


def test_a_batch_that_cannot_be_cut_into_equal_parts_is_a_line(workplace):
    with pytest.raises(
        DeviceError, match=r"a batch of \d+ cannot be cut into 64 equal parts; wants"
    ):
        run("small", ["elu"], [0], None, (), Options(device="cpu", devices_per_run=64))
    assert not Path("runs").exists()


def test_the_parts_of_a_batch_hold_whole_pairs():
    from ablations.training.stage import check_parts, stages_of

    size = {"training.batch_size": TINY["training"]["batch_size"]}
    recipe = make_recipe(naming("pretraining", "same_class_pairs") | size)
    for stage in stages_of(recipe):
        check_parts(stage, 10)
    pairs, own = stages_of(recipe)
    check_parts(own, 20)
    with pytest.raises(DeviceError, match=r"a batch of 20 .* multiple of 40"):
        check_parts(pairs, 20)
