"""Clipping against NumPy, and what each rule does to the direction."""

from __future__ import annotations

import numpy as np
import pytest

from ablations.techniques.clipping import CLIPPINGS
from tests.reference.clipping import RULES, global_norm

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
