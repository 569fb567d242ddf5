"""Clipping against NumPy, and what each rule does to the direction."""

from __future__ import annotations

import numpy as np
import pytest

from ablations.techniques.clipping import CLIPPINGS
from tests.reference.clipping import RULES, adaptive, global_norm
from tests.support.running import same_bits

SHAPES = [(7, 5), (5,), (5, 3), (3,)]


def gradients(scale):
    generator = np.random.default_rng(3)
    return [(scale * generator.normal(size=shape)).astype(np.float32) for shape in SHAPES]


def clip(tensorflow, name, threshold, arrays):
    rule = CLIPPINGS.find(name)(threshold=threshold)
    clipped, changed = rule.build([], {}).clip([tensorflow.constant(array) for array in arrays])
    return [np.asarray(part, np.float64) for part in clipped], bool(changed)


def cosine(one, other):
    a, b = (np.concatenate([part.ravel() for part in parts]) for parts in (one, other))
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("threshold", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("name", RULES)
def test_equals_numpy(tensorflow, name, threshold, scale):
    arrays = gradients(scale)
    clipped, changed = clip(tensorflow, name, threshold, arrays)
    wanted, said = RULES[name]([array.astype(float) for array in arrays], threshold)
    assert changed == said
    for got, want in zip(clipped, wanted, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-9)


def test_only_clipping_by_value_turns_a_single_gradient(tensorflow):
    arrays = gradients(2.0)[:1]
    for name in ("by_norm", "by_global_norm"):
        assert cosine(arrays, clip(tensorflow, name, 1.0, arrays)[0]) > 1 - 1e-7
    assert cosine(arrays, clip(tensorflow, "by_value", 0.5, arrays)[0]) < 0.95


def test_only_the_global_norm_keeps_the_direction_of_all_gradients_together(tensorflow):
    arrays = gradients(2.0)
    assert cosine(arrays, clip(tensorflow, "by_global_norm", 1.0, arrays)[0]) > 1 - 1e-7
    assert cosine(arrays, clip(tensorflow, "by_norm", 1.0, arrays)[0]) < 0.99


@pytest.mark.parametrize("name", ["by_norm", "by_global_norm"])
def test_the_norm_is_bounded_by_the_threshold(tensorflow, name):
    clipped, _ = clip(tensorflow, name, 1.5, gradients(50.0))
    norms = [global_norm([part]) for part in clipped]
    bounded = norms if name == "by_norm" else [global_norm(clipped)]
    np.testing.assert_allclose(bounded, 1.5, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "changes"), [("by_value", False), ("by_norm", False), ("by_global_norm", True)]
)
def test_gradients_small_by_one_rule_can_be_large_by_another(tensorflow, name, changes):
    arrays = [np.full(4, 0.4, np.float32), np.full(4, -0.4, np.float32)]  # norms 0.8, together 1.13
    assert clip(tensorflow, name, 1.0, arrays)[1] == changes


@pytest.mark.parametrize("name", RULES)
def test_gradients_within_the_bound_stay_bit_for_bit(tensorflow, name):
    arrays = gradients(1e-3)
    clipped, changed = clip(tensorflow, name, 1.0, arrays)
    assert not changed
    assert all(np.array_equal(a, b) for a, b in zip(arrays, clipped, strict=True))


@pytest.mark.parametrize("name", RULES)
def test_zero_gradients_stay_zero(tensorflow, name):
    clipped, changed = clip(tensorflow, name, 1.0, [np.zeros((2, 3), np.float32)])
    assert not changed
    np.testing.assert_array_equal(clipped[0], np.zeros((2, 3)))


def test_the_names_of_keras_are_aliases():
    assert CLIPPINGS.find("clipvalue") is CLIPPINGS.find("by_value")
    assert CLIPPINGS.find("clipnorm") is CLIPPINGS.find("by_norm")
    assert CLIPPINGS.find("global_clipnorm") is CLIPPINGS.find("by_global_norm")


@pytest.mark.parametrize("name", ["by_norm", "by_global_norm"])
def test_squares_that_overflow_still_give_a_step_of_the_threshold(tensorflow, name):
    arrays = [array * np.float32(1e25) for array in gradients(1.0)]
    assert (arrays[0].astype(float) ** 2).sum() > np.finfo(np.float32).max
    clipped, changed = clip(tensorflow, name, 1.5, arrays)
    wanted, _ = RULES[name]([array.astype(float) for array in arrays], 1.5)
    assert changed
    for got, want in zip(clipped, wanted, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5)


def test_a_gradient_that_is_not_finite_is_not_hidden(tensorflow):
    for name in ("by_norm", "by_global_norm"):
        for bad in (np.inf, np.nan):
            arrays = gradients(1.0)
            arrays[0][0, 0] = bad
            clipped, _ = clip(tensorflow, name, 1.0, arrays)
            assert not all(np.isfinite(part).all() for part in clipped)


# Adaptive clipping


def adaptively(arrays, weights, **settings):
    import keras

    named = [
        keras.Variable(weight, name=f"{layer}")
        for layer, weight in zip(("a", "a_bias", "b", "b_bias"), weights, strict=True)
    ]
    rule = CLIPPINGS.find("adaptive")(last_layer=True, **settings).build(named, {})
    clipped, changed = rule.clip([keras.ops.convert_to_tensor(array) for array in arrays])
    return [np.asarray(part, np.float64) for part in clipped], bool(changed)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e25])
@pytest.mark.parametrize("settings", [{}, {"threshold": 0.3, "epsilon": 0.5}], ids=str)
def test_adaptive_clipping_equals_a_loop_over_units(tensorflow, scale, settings):
    arrays, weights = gradients(np.float32(scale)), gradients(0.7)
    weights[1][:] = 0.0  # biases as they start
    clipped, changed = adaptively(arrays, weights, **settings)
    exact = [[part.astype(float) for part in parts] for parts in (arrays, weights)]
    options = {"threshold": 0.01, "epsilon": 1e-3, **settings}
    wanted = adaptive(*exact, **options)
    assert changed == any(not np.array_equal(a, w) for a, w in zip(exact[0], wanted, strict=True))
    for got, want in zip(clipped, wanted, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5)


def test_a_filter_counts_as_a_unit(tensorflow):
    import keras

    shape = (3, 3, 2, 4)
    generator = np.random.default_rng(0)
    gradient, weight = (generator.normal(size=shape).astype(np.float32) for _ in range(2))
    rule = CLIPPINGS.find("adaptive")(last_layer=True).build([keras.Variable(weight)], {})
    (clipped,), _ = rule.clip([keras.ops.convert_to_tensor(gradient)])
    wanted = adaptive([gradient.astype(float)], [weight.astype(float)], 0.01, 1e-3)[0]
    np.testing.assert_allclose(clipped, wanted, rtol=1e-5)


def test_adaptive_clipping_leaves_the_layer_of_the_logits_alone_unless_told(recipe, train):
    def moved(last_layer):
        clipping = {"name": "adaptive", "threshold": 1e-6, "last_layer": last_layer}
        trained = train(recipe({"training.clipping": clipping}))
        end = trained.state()
        trained.program.reset(recipe({"training.clipping": clipping}), 0)
        start = trained.program.state()
        kernels = [name for name in end if name.endswith("/kernel") and name.startswith("model/")]
        return [float(np.abs(end[name] - start[name]).max()) for name in kernels]

    *hidden, logits = moved(last_layer=False)
    assert max(hidden) < 1e-5 < 1e-3 < logits
    assert max(moved(last_layer=True)) < 1e-5


# A rule with state


def test_a_clipping_rule_keeps_state_which_starts_anew_with_each_run_and_is_saved(
    tensorflow, recipe, train, monkeypatch
):
    class Alternating:
        """Clips to zero at every second step."""

        def __init__(self):
            self.steps = tensorflow.Variable(0)
            self.state = [self.steps]

        def reset(self):
            self.steps.assign(0)

        def clip(self, gradients):
            keep = tensorflow.cast(1 - self.steps % 2, tensorflow.float32)
            self.steps.assign_add(1)
            return [gradient * keep for gradient in gradients], keep < 1

    technique = type(CLIPPINGS.find("by_value")())
    monkeypatch.setattr(technique, "build", lambda *_: Alternating())
    changes = recipe({"training.clipping": "by_value"})
    first = train(changes)
    assert first.epochs()[0]["share_of_steps_clipped"] == pytest.approx(1 / 3)
    assert first.state()["clipping/0"] == 3
    again = train(changes, programs=first.programs)
    assert same_bits(first.state(), again.state())
