"""The split and the order of an epoch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablations.data.split import (
    check_classes,
    check_sizes,
    epoch_order,
    pair_order,
    split,
    split_sizes,
)
from ablations.errors import DataError
from ablations.study.recipe import DataRecipe


def data_recipe(validation, train_examples=None):
    return DataRecipe(name="digits", validation=validation, train_examples=train_examples)


@given(
    available=st.integers(4, 300),
    validation=st.integers(1, 3) | st.floats(0.2, 0.7),
    seed=st.integers(0, 2**40),
)
def test_parts_are_disjoint_and_cover_everything(available, validation, seed):
    train, held_out = split(data_recipe(validation), available, seed)
    assert sorted([*train, *held_out]) == list(range(available))
    wanted = validation if isinstance(validation, int) else round(validation * available)
    assert len(held_out) == wanted


@given(count=st.integers(1, 60), seed=st.integers(0, 1000))
def test_fewer_training_examples_are_a_part_of_more(count, seed):
    few, same = split(data_recipe(20, count), 100, seed)
    more, held_out = split(data_recipe(20), 100, seed)
    assert len(few) == count
    assert np.array_equal(few, more[:count])
    assert np.array_equal(same, held_out)


def test_is_keyed_by_the_seed():
    one, other = (split(data_recipe(30), 200, seed) for seed in (0, 1))
    assert np.array_equal(one[1], split(data_recipe(30), 200, 0)[1])
    assert not np.array_equal(one[1], other[1])


@pytest.mark.parametrize(
    ("validation", "train_examples"), [(100, None), (101, None), (50, 51), (0.001, None)]
)
def test_what_the_data_cannot_give_is_refused_in_a_line(validation, train_examples):
    with pytest.raises(DataError, match="100 training examples cannot give") as caught:
        split_sizes(data_recipe(validation, train_examples), 100)
    assert "\n" not in str(caught.value)


@given(
    examples=st.integers(1, 200),
    batch=st.integers(1, 40),
    seed=st.integers(0, 100),
    epoch=st.integers(1, 100),
)
def test_an_epoch_covers_without_repetition(examples, batch, seed, epoch):
    rows = np.arange(1000, 1000 + examples, dtype=np.int32)
    order = epoch_order(rows, batch, seed, epoch)
    assert order.shape == (examples // batch, batch)
    assert order.dtype == np.int32
    assert len(set(order.ravel())) == order.size
    assert set(order.ravel()) <= set(rows)


def test_each_epoch_has_an_order_of_its_own_and_drops_other_examples():
    rows = np.arange(105, dtype=np.int32)
    orders = [epoch_order(rows, 20, 0, epoch).ravel() for epoch in (1, 2, 3)]
    assert not np.array_equal(orders[0], orders[1])
    dropped = [frozenset(rows) - frozenset(order) for order in orders]
    assert all(len(left) == 5 for left in dropped)
    assert len(set(dropped)) == 3


def test_the_order_does_not_follow_from_the_split():
    rows = np.arange(50, dtype=np.int32)
    assert not np.array_equal(epoch_order(rows, 1, 0, 1).ravel(), split(data_recipe(1), 51, 0)[0])


def test_half_of_the_pairs_are_of_one_class_and_the_others_of_two():
    labels = np.random.default_rng(0).choice(4, size=900, p=[0.7, 0.1, 0.1, 0.1]).astype(np.int32)
    train = np.arange(100, 900, dtype=np.int32)
    order = pair_order(train, labels, 51, seed=0, epoch=1)
    assert order.shape == (16, 50)
    assert order.dtype == np.int32
    assert set(order.ravel()) <= set(train)
    first, second = order[:, 0::2], order[:, 1::2]
    assert len(set(first.ravel())) == first.size  # from a permutation
    same = labels[first] == labels[second]
    assert abs(same.mean() - 0.5) < 4 * 0.5 / np.sqrt(same.size)
    others = labels[second][~same & (labels[first] == 0)]
    assert set(others) == {1, 2, 3}
    assert np.array_equal(order, pair_order(train, labels, 51, seed=0, epoch=1))
    assert not np.array_equal(order, pair_order(train, labels, 51, seed=0, epoch=2))


def test_pairs_of_a_single_class_are_all_alike():
    order = pair_order(np.arange(8), np.zeros(8, np.int32), 4, seed=1, epoch=1)
    assert order.shape == (2, 4)


def test_a_batch_of_one_holds_no_pair():
    with pytest.raises(DataError, match="a pair wants a batch of at least 2, got 1"):
        pair_order(np.arange(8), np.zeros(8, np.int32), 1, seed=1, epoch=1)


@pytest.mark.parametrize("change", [{"shift_pixels": 1}, {"rotation_degrees": 5.0}])
def test_rows_of_numbers_cannot_be_shifted_or_turned(recipe, change):
    moved = recipe({"training.augmentation": change})
    with pytest.raises(DataError, match="rows of 13 numbers cannot be shifted or turned") as caught:
        check_sizes(moved, 1000, (13,))
    assert "\n" not in str(caught.value)
    check_sizes(moved, 1000, (8, 8))
    check_sizes(recipe({"training.augmentation": {"noise": 0.1}}), 1000, (13,))


@pytest.mark.parametrize(
    ("rows", "wanted"), [("first 20", range(20)), ("last 30", range(70, 100))], ids=str
)
def test_fixed_rows_validate_whatever_the_seed(rows, wanted):
    recipe = data_recipe({"rows": rows})
    parts = [split(recipe, 100, seed) for seed in (0, 1)]
    for train, held_out in parts:
        assert held_out.tolist() == list(wanted)
        assert sorted([*train, *held_out]) == list(range(100))
        assert train.dtype == held_out.dtype == np.int32
    assert not np.array_equal(parts[0][0], parts[1][0])
    few, _ = split(data_recipe({"rows": rows}, 7), 100, 0)
    assert np.array_equal(few, parts[0][0][:7])


def test_fixed_rows_that_leave_none_to_train_on_are_refused():
    with pytest.raises(DataError, match="100 training examples cannot give 100 for validation"):
        split(data_recipe({"rows": "last 100"}), 100, 0)


@given(seed=st.integers(0, 1000), wanted=st.integers(1, 20))
def test_as_many_examples_of_each_class_train(seed, wanted):
    labels = np.random.default_rng(3).permutation(np.repeat(np.arange(4), [90, 40, 60, 110]))
    everything, held_out = split(data_recipe(30), 300, seed)
    rows, same = split(data_recipe(30, {"per_class": wanted}), 300, seed, labels)
    assert np.bincount(labels[rows]).tolist() == [wanted] * 4
    assert np.array_equal(same, held_out)
    for label in range(4):  # those that come first in the order of the whole split
        of_class = everything[labels[everything] == label][:wanted]
        assert rows[labels[rows] == label].tolist() == of_class.tolist()
    position = {row: place for place, row in enumerate(everything.tolist())}
    assert sorted(rows.tolist(), key=position.__getitem__) == rows.tolist()


def test_a_class_with_too_few_examples_is_named():
    labels = np.repeat(np.arange(3), [60, 5, 60]).astype(np.int32)
    recipe = data_recipe({"rows": "first 10"}, {"per_class": 6})
    with pytest.raises(DataError, match="class 1 has 5 training examples besides") as caught:
        split(recipe, 125, 0, labels)
    assert "\n" not in str(caught.value)


def test_a_class_with_too_few_examples_is_found_before_training():
    few = {"name": "digits", "validation": 30, "train_examples": {"per_class": 141}}
    with pytest.raises(DataError, match=r"data set digits: class 8 has 1\d\d training examples"):
        check_classes(DataRecipe(**few), range(6), None)
    check_classes(DataRecipe(**{**few, "train_examples": {"per_class": 100}}), range(6), None)
