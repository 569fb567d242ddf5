"""Mixed precision: what is low and what stays float32, loss scaling, and steps that are skipped."""

from __future__ import annotations

import numpy as np
import pytest

from ablations.techniques.precision import PRECISIONS
from tests.support.running import make_recipe, same_bits

LOW = ["mixed_bfloat16", "mixed_float16"]
OVERFLOWS = {"name": "mixed_float16", "initial_scale": 1e9, "growth_steps": 4}


def with_precision(precision, **changes):
    dotted = {path.replace("__", "."): value for path, value in changes.items()}
    return make_recipe({"training.precision": precision, **dotted})


@pytest.mark.parametrize("name", LOW)
def test_layers_compute_low_and_weights_logits_and_loss_are_float32(train, name):
    program = train(with_precision(name, model__normalization="batch_norm")).program
    assert {v.dtype for v in program.model.variables} <= {"float32", "uint32"}
    computes = {layer.name: layer.compute_dtype for layer in program.model.layers}
    assert computes.pop("outputs") == "float32"
    assert set(computes.values()) == {name.removeprefix("mixed_")}
    features, labels = program.loop._batch(np.arange(20, dtype=np.int32), np.zeros(2, np.int32))
    loss, _, gradients = program.loop._gradients(features, labels)
    assert program.model(features).dtype == loss.dtype == "float32"
    assert {gradient.dtype.name for gradient in gradients} == {"float32"}
    signal = program.model.get_layer("hidden2").output
    assert signal.dtype == name.removeprefix("mixed_")


@pytest.mark.parametrize("name", LOW)
def test_the_forward_pass_rounds_as_numpy_does(tensorflow, name):
    """To a unit in the last place of the low numbers; float32 is a hundred times closer."""
    from ablations.techniques.keras.precision import computing_in

    recipe = with_precision(name, model__activation="relu")
    with computing_in(name):
        model = recipe.model.build((8, 8), 10)
    low = tensorflow.as_dtype(name.removeprefix("mixed_")).as_numpy_dtype
    draw = np.random.default_rng(5)
    signal = draw.random((30, 8, 8)).astype(np.float32)
    got = model(signal).numpy()
    signal = signal.reshape(30, 64).astype(low)
    for layer in ("hidden1", "hidden2"):
        kernel, bias = (w.numpy().astype(low) for w in model.get_layer(layer).weights)
        sums = (signal.astype(np.float32) @ kernel.astype(np.float32)).astype(low) + bias
        signal = np.maximum(sums, low(0))
    kernel, bias = (w.numpy() for w in model.get_layer("outputs").weights)
    wanted = signal.astype(np.float32) @ kernel + bias
    unit = {"mixed_bfloat16": 2**-8, "mixed_float16": 2**-11}[name]
    np.testing.assert_allclose(got, wanted, atol=4 * unit * np.abs(wanted).max())
    assert got.dtype == np.float32
    assert np.abs(got - got.astype(low).astype(np.float32)).max() > 0  # logits are not rounded


def test_float32_is_the_default_to_the_last_bit(train):
    plain, named = train(make_recipe()), train(with_precision("float32"))
    assert plain.result.fingerprint == named.result.fingerprint
    assert same_bits(plain.state(), named.state())
    others = [train(with_precision(name)) for name in LOW]
    assert len({run.result.fingerprint for run in (plain, *others)}) == 3
    for run in others:
        assert run.result.metrics["test_loss"] == pytest.approx(
            plain.result.metrics["test_loss"], rel=0.02
        )
        assert run.result.metrics["test_loss"] != plain.result.metrics["test_loss"]


def test_the_scale_is_that_of_keras(tensorflow):
    import keras

    finite = np.random.default_rng(2).random(60) > 0.15
    theirs = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.1), initial_scale=64.0, dynamic_growth_steps=5
    )
    weight = keras.Variable(1.0)
    theirs.build([weight])
    ours = PRECISIONS.find("mixed_float16")(initial_scale=64.0, growth_steps=5).scaler()
    scales = []
    for step in finite:
        theirs.apply([tensorflow.constant(1.0 if step else np.inf)], [weight])
        ours.update(tensorflow.constant(step))
        scales.append((float(ours.scale.numpy()), float(theirs.dynamic_scale.numpy())))
    assert [one for one, _ in scales] == [other for _, other in scales]
    assert {one for one, _ in scales} > {32.0, 64.0}
    ours.reset()
    assert [variable.numpy() for variable in ours.state] == [64.0, 0]


def test_norms_are_those_of_the_unscaled_gradients(train):
    norms = []
    for precision in ("float32", "mixed_float16", {"name": "mixed_float16", "initial_scale": 64.0}):
        line = train(with_precision(precision, training__clipping="by_norm")).epochs()[0]
        norms.append([line[f"gradient_norm_{when}_clipping"] for when in ("before", "after")])
    np.testing.assert_allclose(norms[1:], [norms[0]] * 2, rtol=5e-3)


def test_skipped_steps_are_no_updates_and_are_counted(train):
    """Three steps an epoch: the scale starts where float16 overflows."""
    recipe = with_precision(OVERFLOWS, training__epochs=8, training__weight_average="ema")
    trained = train(recipe)
    lines = trained.epochs()
    skipped = [line["steps_skipped"] for line in lines]
    assert skipped[0] == 3
    assert skipped[-1] == 0
    assert trained.result.updates == lines[-1]["updates"] == 24 - sum(skipped)
    assert lines[0]["updates"] == 0
    assert int(trained.program.techniques.optimizer.iterations.numpy()) == trained.result.updates
    scales = [line["loss_scale"] for line in lines]
    assert scales[0] == 1e9 / 8
    assert scales[-1] > min(scales)  # and grew again
    first = [line["gradient_norm_before_clipping"] for line in lines if line["updates"]]
    assert all(np.isfinite(norm) for norm in first if norm is not None)
    assert lines[0]["validation_loss"] == pytest.approx(lines[0]["validation_loss"])
    trained.program.reset(recipe, 0)
    start = trained.program.evaluation.model.get_layer("hidden1").kernel.numpy()
    assert not np.array_equal(start, trained.weights()[0])


def test_an_epoch_without_an_update_leaves_every_weight(train):
    recipe = with_precision(OVERFLOWS, training__optimizer="adam")
    trained = train(recipe)
    assert trained.result.updates == 0
    state = trained.state()
    trained.program.reset(recipe, 0)
    start = trained.program.state()
    changed = [n for n in state if not np.array_equal(state[n], start[n])]
    assert [name.split("/")[0] for name in changed] == ["loss_scaler"]


def test_scaling_keeps_gradients_that_float16_would_lose(train):
    """A fixed scale of 1e-8 stands for gradients so small: the hidden layers stand still."""
    lost = {"name": "mixed_float16", "initial_scale": 1e-8, "dynamic": False}
    recipe = with_precision(lost)
    trained = train(recipe)
    trained.program.reset(recipe, 0)
    start = [v.numpy() for v in trained.program.model.trainable_variables]
    still = [np.array_equal(a, b) for a, b in zip(start, trained.weights(), strict=True)]
    assert still[:4] == [True] * 4
    assert trained.epochs()[0]["loss_scale"] == pytest.approx(1e-8)
    kept = train(with_precision("mixed_float16"))
    moved = [not np.array_equal(a, b) for a, b in zip(start, kept.weights(), strict=True)]
    assert all(moved)


def test_seeds_share_a_program_and_its_scale_starts_anew(train):
    recipe = with_precision(OVERFLOWS, training__epochs=4)
    first = train(recipe, 0)
    train(recipe, 1, first.programs)
    again = train(recipe, 0, first.programs)
    assert again.result.seconds["compile"] == 0
    assert same_bits(first.state(), again.state())
    assert first.epochs() == again.epochs()
