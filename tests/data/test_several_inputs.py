"""Several inputs by name, whole numbers and sample weights in a user's own data."""

from __future__ import annotations

import re

import numpy as np
import pytest

from ablations.data.arrays import dataset_of
from ablations.data.catalog import read
from ablations.data.classes import only
from ablations.data.labels import fitted
from ablations.errors import DataError
from ablations.study.tasks import CLASSIFICATION

N = 10
LEFT, RIGHT = np.arange(3 * N).reshape(N, 3), np.full((N, 2, 2), 255, np.uint8)
Y = np.arange(N) % 2
BOTH = {"x/left": LEFT, "x/right": RIGHT, "y": Y}


def test_inputs_are_gathered_by_name_from_an_archive_as_from_a_function(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("both.npz", **BOTH, sample_weights=np.linspace(0, 1, N))
    data = read("npz:both.npz", None)
    assert data.input_shape == {"left": (3,), "right": (2, 2)}
    assert data.scale == {"left": 1.0, "right": 1 / 255}
    assert {name: x.dtype for name, x in data.train_features.items()} == {
        "left": np.int32,
        "right": np.uint8,
    }
    order = data.train_features["left"][:, 0] // 3  # each row begins with three times its number
    np.testing.assert_array_equal(data.train_labels, Y[order])
    np.testing.assert_allclose(data.train_weights, np.linspace(0, 1, N)[order], rtol=1e-6)


def test_whole_numbers_stay_whole_and_numbers_are_float32():
    tokens = dataset_of("d", {"x": LEFT, "y": Y}, "")
    halves = dataset_of("d", {"x": LEFT / 2, "y": Y}, "")
    large = dataset_of("d", {"x": LEFT + 2**40, "y": Y}, "")
    assert [d.train_features.dtype for d in (tokens, halves, large)] == ["int32", *["float32"] * 2]


def test_some_classes_of_several_inputs_keep_their_rows_together():
    data = dataset_of("d", {**BOTH, "sample_weights": Y + 1.0}, "")
    whole = fitted(data, CLASSIFICATION)
    some = only(whole, (1, 0), "digest")
    assert [len(x) for x in some.train_features.values()] == [len(some.train_labels)] * 2
    np.testing.assert_array_equal(some.train_weights, 2.0 - some.train_labels)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"x/left": LEFT, "x/right": RIGHT[1:], "y": Y}, "x [9, 2, 2] in uint8 and y [10]"),
        (
            {
                "x_train/a": LEFT,
                "y_train": Y,
                "x_test/b": LEFT,
                "y_test": Y,
            },
            "x_train has the inputs a, x_test has b",
        ),
        (
            {
                "x_train/a": LEFT,
                "x_train/b": LEFT[1:],
                "y_train": Y,
                "x_test/a": LEFT,
                "x_test/b": LEFT,
                "y_test": Y,
            },
            "the inputs of x_train differ in their number",
        ),
        ({**BOTH, "sample_weights": Y[1:]}, "sample_weights wants a weight for each of 10"),
        ({**BOTH, "sample_weights": Y - 1.0}, "sample_weights wants finite weights ≥ 0"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_line(arrays, says):
    with pytest.raises(DataError, match=re.escape(says)) as caught:
        dataset_of("d", arrays, "")
    assert "\n" not in str(caught.value)
