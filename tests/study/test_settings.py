"""Dotted paths: change, flatten, compare."""

from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st

from ablations.study.settings import ABSENT, change, differences, flatten, short, undeclared

KEYS = st.sampled_from("abc")
NESTED = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    max_leaves=8,
)
SETTINGS = st.dictionaries(KEYS, NESTED, max_size=3)


def test_a_change_sets_one_leaf_and_leaves_its_source():
    settings = {"model": {"hidden": [1], "activation": "elu"}}
    before = copy.deepcopy(settings)
    changed = change(settings, {"model.hidden": [2]})
    assert changed == {"model": {"hidden": [2], "activation": "elu"}}
    assert settings == before


def test_a_bare_name_opens_into_a_mapping():
    changed = change({"t": {"optimizer": "sgd"}}, {"t.optimizer.learning_rate": 1})
    assert changed == {"t": {"optimizer": {"name": "sgd", "learning_rate": 1}}}


def test_a_technique_is_set_before_its_parameter_whatever_the_order():
    changes = {"t.optimizer.learning_rate": 1, "t.optimizer": "adam"}
    assert change({"t": {"optimizer": "sgd"}}, changes) == {
        "t": {"optimizer": {"name": "adam", "learning_rate": 1}}
    }


def test_a_parameter_opens_what_was_off():
    changed = change({"t": {"clipping": None}}, {"t.clipping.name": "by_norm"})
    assert changed == {"t": {"clipping": {"name": "by_norm"}}}


def test_differences_name_what_only_one_side_has():
    one, other = {"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"d": [3]}}
    assert differences(one, other) == {"b.c": (2, ABSENT), "b.d": (ABSENT, [3])}


@given(SETTINGS)
def test_equal_settings_have_no_differences(settings):
    assert differences(settings, copy.deepcopy(settings)) == {}


@given(SETTINGS, SETTINGS)
def test_differences_are_symmetric_and_complete(one, other):
    there, back = differences(one, other), differences(other, one)
    assert {path: pair[::-1] for path, pair in there.items()} == back
    assert (not there) == (flatten(one) == flatten(other))


def test_equal_layers_are_shown_in_short():
    assert short([100] * 20) == "20 × 100"
    assert short([300, 100]) == "[300, 100]"
    assert short([100, 100]) == "[100, 100]"
    assert short(None) == "null"
    assert short(True) == "true"


def test_an_arm_is_caught_in_what_it_does_not_declare():
    base = {"model": {"activation": {"name": "relu"}, "hidden": [1, 2]}, "training": {"epochs": 1}}
    arm = {
        "model": {"activation": {"name": "elu", "alpha": 1.0}, "hidden": [3]},
        "training": {"epochs": 2},
    }
    declared = {"model.activation.name": "elu", "model.hidden.depth": 1}
    assert undeclared(base, arm, declared) == ["training.epochs"]
    assert undeclared(base, arm, {**declared, "training.epochs": 2}) == []
    assert undeclared(base, arm, {"model.act": 0, "training.epochs": 2}) == [
        "model.activation.name",
        "model.hidden",
        "model.activation.alpha",
    ]
    assert undeclared(base, base, {}) == []


def test_a_section_that_the_base_lacks_comes_with_its_defaults():
    base = {"transfer": None, "epochs": 1}
    arm = {"transfer": {"source": {"name": "x"}, "cache": False}, "epochs": 2}
    assert undeclared(base, arm, {"transfer.source": {"name": "x"}}) == ["epochs"]
    assert undeclared(base, arm, {"epochs": 2}) == ["transfer.source.name", "transfer.cache"]
    assert differences(base, arm) == {
        "epochs": (1, 2),
        "transfer.source.name": (ABSENT, "x"),
        "transfer.cache": (ABSENT, False),
    }


def test_a_number_beside_a_section_is_shown_with_it():
    one, other = {"validation": 0.1}, {"validation": {"rows": "first 50"}}
    assert differences(one, other) == {
        "validation": (0.1, ABSENT),
        "validation.rows": (ABSENT, "first 50"),
    }
    assert undeclared(one, other, {"validation": {"rows": "first 50"}}) == []


def test_a_whole_section_replaces_that_of_the_base():
    base = {"model": {"name": "mlp", "hidden": [3], "dropout": 0.5}, "data": {"name": "digits"}}
    arm = change(base, {"model.hidden": [4], "model": {"name": "cnn", "pool": 2}})
    assert arm == {"model": {"name": "cnn", "pool": 2, "hidden": [4]}, "data": {"name": "digits"}}
    assert undeclared(base, arm, {"model": {}}) == []
    assert differences(base, arm) == {
        "model.name": ("mlp", "cnn"),
        "model.hidden": ([3], [4]),
        "model.dropout": (0.5, ABSENT),
        "model.pool": (ABSENT, 2),
    }


def test_a_technique_that_one_side_does_without_is_called_none():
    without, with_it = {"clipping": None}, {"clipping": {"name": "by_norm", "threshold": 1.0}}
    assert differences(without, with_it) == {
        "clipping.name": ("none", "by_norm"),
        "clipping.threshold": (ABSENT, 1.0),
    }
    assert differences({"limit": None}, {"limit": 3}) == {"limit": (None, 3)}


def test_a_number_differs_from_the_boolean_that_equals_it():
    one, other = {"a": {"flag": 1, "rate": 1}, "b": 2}, {"a": {"flag": True, "rate": 1.0}, "b": 2}
    assert repr(differences(one, other)) == "{'a.flag': (1, True), 'a.rate': (1, 1.0)}"
