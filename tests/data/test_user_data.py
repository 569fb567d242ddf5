"""A user's own data: NumPy archives, tables, functions; and some classes of any data set."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ablations.commands import plan
from ablations.commands.options import Options
from ablations.data.catalog import describe, digest, read
from ablations.data.split import split
from ablations.errors import DataError, UserCodeError
from ablations.study.recipe import DataRecipe
from tests.support.user_code import PACKAGE, blobs

X = np.arange(60, dtype=np.uint8).reshape(10, 2, 3)
Y = np.arange(10) % 2
SPLIT = {"x_train": X[:8], "y_train": Y[:8], "x_test": X[8:], "y_test": Y[8:]}


def archive(tmp_path, **arrays):
    path = tmp_path / "own.npz"
    np.savez(path, **arrays)
    return f"npz:{path}"


def table(tmp_path, text):
    path = tmp_path / "own.csv"
    path.write_text(text)
    return f"csv:{path}"


def test_an_archive_is_read_as_it_is_split(tmp_path):
    name = archive(tmp_path, **SPLIT)
    data, facts = read(name, None), describe(name, None)
    np.testing.assert_array_equal(data.train_features, X[:8])
    np.testing.assert_array_equal(data.test_labels, Y[8:])
    assert data.train_features.dtype == np.uint8
    assert data.scale == 1 / 255
    assert (facts.input_shape, facts.outputs) == ((2, 3), 2)
    assert (facts.train_examples, facts.test_examples) == (8, 2)
    assert facts.digest == data.digest == digest(name, None)


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [(np.float64, np.float32), (np.int16, np.int32), (np.bool_, np.float32)],
)
def test_what_is_not_pixels_is_taken_as_it_is(tmp_path, dtype, kept):
    data = read(
        archive(
            tmp_path, **{**SPLIT, "x_train": X[:8].astype(dtype), "x_test": X[8:].astype(dtype)}
        ),
        None,
    )
    assert data.scale == 1
    assert data.train_features.dtype == kept
    np.testing.assert_array_equal(data.train_features, X[:8].astype(dtype))


AS_THEY_ARE = "taken as they are (pixels in uint8 would be divided by 255)"


@pytest.mark.parametrize(
    ("x", "values"),
    [
        (X, "whole numbers from 0 to 47 in uint8, divided by 255"),
        (X.astype(np.int64), f"whole numbers from 0 to 47, {AS_THEY_ARE}"),
        (X.astype(float), f"numbers from 0 to 47, {AS_THEY_ARE}"),
        (X.astype(int) - 1, "whole numbers from -1 to 46, taken as they are"),
        (X / 255, "numbers from 0 to 0.184314, taken as they are"),
        (X.reshape(10, 6).astype(int), "whole numbers from 0 to 47, taken as they are"),
    ],
)
def test_a_plan_can_say_whether_features_are_scaled(tmp_path, x, values):
    name = archive(tmp_path, **{**SPLIT, "x_train": x[:8], "x_test": x[8:]})
    assert describe(name, None).values == values
    assert describe("digits", None).values == ""


def test_a_plan_says_whether_features_are_scaled(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    archive(tmp_path, **{**SPLIT, "x_train": X[:8].astype(int), "x_test": X[8:].astype(int)})
    Path("own.yaml").write_text(
        """\
study: own
question: "?"
base:
  data: {name: "npz:own.npz", validation: 2, scale: standardize}
  model: {hidden: [4]}
  training: {batch_size: 2, epochs: 1, optimizer: sgd}
control: sgd
arms: {sgd: {}, adam: {training.optimizer: adam}}
seeds: 6
"""
    )
    plan.plan("own.yaml", (), Options(runs=Path("runs")))
    said = f"whole numbers from 0 to 47, {AS_THEY_ARE}"
    assert f"data set npz:own.npz: {said}, then standardized\n" in capsys.readouterr().out


def test_an_appended_validation_split_is_the_rows_that_the_refusal_names(tmp_path):
    """What the line about x_val says to write does what x_val was meant for."""
    appended = {**SPLIT, "x_train": X[:8], "y_train": Y[:8]}
    data = read(archive(tmp_path, **appended), None)
    recipe = DataRecipe(name="npz:own.npz", validation={"rows": "last 3"})
    for seed in range(3):
        rows, held_out = split(recipe, len(data.train_labels), seed, data.train_labels)
        assert sorted(held_out) == [5, 6, 7]
        assert sorted(rows) == [0, 1, 2, 3, 4]


def test_a_fifth_of_whole_data_is_for_testing_whatever_the_seed(tmp_path):
    data = read(archive(tmp_path, x=X, y=Y[:, None]), None)
    assert len(data.test_labels) == 2
    rows = np.concatenate([data.train_features, data.test_features])
    assert sorted(rows[:, 0, 0]) == sorted(X[:, 0, 0])
    labels = dict(zip(X[:, 0, 0], Y, strict=True))
    assert [labels[row] for row in rows[:, 0, 0]] == [*data.train_labels, *data.test_labels]


NAN = np.where(X == 8, np.nan, X)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"a": X}, "wants arrays x_train, y_train, x_test, y_test, or x and y, got a"),
        ({"x": X, "y": Y[:9]}, r"x \[10, 2, 3\] in uint8 and y \[9\] in int64 do not fit"),
        ({"x": NAN, "y": Y}, "holds a number that is not finite, first in row"),
        ({"x": X, "y": Y + 1}, "wants labels 0 to k − 1 .* got 1, 2 there"),
        ({"x": X, "y": 0 * Y}, "wants labels 0 to k − 1 for k ≥ 2 classes"),
        ({"x": X, "y": 2 * Y}, "got 0, 2 there"),
        ({"x": X, "y": Y - 1}, "wants whole labels from 0 on, got -1"),
        ({"x": X, "y": Y / 2}, "wants whole labels from 0 on, got 0.5"),
        (
            {"x": X, "y": np.eye(2)[Y]},
            r"y_train wants whole labels .*, one-hot; y_train.argmax\(axis=1\) holds whole labels$",
        ),
        (
            {"x": X, "y": np.stack([Y, 1 + 0 * Y], 1)},
            "y_train wants whole labels .* for these, training.loss: binary_crossentropy",
        ),
        (
            {**SPLIT, "x_val": X[:3], "y_val": Y[:3]},
            r"x_val is not read, as the validation split is cut from x_train and y_train; append "
            r"it to x_train and write data.validation: {rows: last 3}",
        ),
        (
            {**SPLIT, "sample_weight": np.ones(8)},
            'unknown array "sample_weight"; did you mean "sample_weights"?',
        ),
        ({**SPLIT, "x": X, "y": Y}, 'unknown array "x"; '),
        ({"x": X.astype(str), "y": Y}, "x_train wants numbers"),
        ({"x": X[:, 0, 0], "y": Y}, r"wants numbers \[N, …\], got \[8\] in uint8"),
        ({**SPLIT, "x_test": X[8:, :1]}, r"x_train \[8, 2, 3\] in uint8 and x_test \[2, 1, 3\]"),
        ({**SPLIT, "y_test": Y[8:] + 3}, "up to 4 for testing"),
        ({"x": np.array([{}], object), "y": Y}, "torn or unreadable: .*allow_pickle"),
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_refused_in_a_line(tmp_path, arrays, says):
    with pytest.raises(DataError, match=says) as caught:
        read(archive(tmp_path, **arrays), None)
    assert "\n" not in str(caught.value)
    assert "own.npz: " in str(caught.value)


def test_a_header_that_declares_too_much_is_refused_before_reading(tmp_path):
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        content, {"descr": "|u1", "fortran_order": False, "shape": (10**12,)}
    )
    path = tmp_path / "own.npz"
    with zipfile.ZipFile(path, "w") as bad:
        bad.writestr("x.npy", content.getvalue())
    with pytest.raises(DataError, match=r"x\.npy declares 1000000000000 bytes of data"):
        read(f"npz:{path}", None)


def test_an_archive_over_the_budget_is_refused_before_reading(tmp_path, monkeypatch):
    monkeypatch.setattr("ablations.data.formats.npz.BYTE_BUDGET", 100)
    with pytest.raises(DataError, match="bytes; the budget is 100"):
        read(archive(tmp_path, **SPLIT), None)


@pytest.mark.parametrize("kind", ["npz", "csv"])
def test_a_file_that_is_not_there_has_no_digest_and_is_refused(kind):
    assert digest(f"{kind}:nowhere", None) is None
    for ask in (read, describe):
        with pytest.raises(DataError, match=f"data set {kind}:nowhere: no such file from "):
            ask(f"{kind}:nowhere", None)


ROWS = "1,2.5,0\n3,4,1\n5,6,0\n7,8,1\n9,1e1,0\n"


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (ROWS, 2),
        ("a,b,c\n" + ROWS, 2),
        ("\ufeffa, label ,c\n1,0,2.5\n3,1,4\n5,0,6\n7,1,8\n9,0,10\n", 1),
    ],
)
def test_a_table_has_its_label_named_or_last(tmp_path, text, column):
    data = read(table(tmp_path, text), None)
    rows = np.concatenate([data.train_features, data.test_features])
    assert sorted(map(tuple, rows)) == [(1, 2.5), (3, 4), (5, 6), (7, 8), (9, 10)]
    labels = [*data.train_labels, *data.test_labels]
    assert {(row[0], label) for row, label in zip(rows, labels, strict=True)} == {
        (1, 0), (3, 1), (5, 0), (7, 1), (9, 0)
    }  # fmt: skip
    assert data.scale == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no examples"),
        ("a,b\n", "holds no examples"),
        ("1\n2\n", "holds no examples; wants lines of features and a label"),
        ("1,2\n3,x\n", "could not convert string 'x' to float32 at row 1, column 2"),
        ("1,2\n3,4,5\n", "the number of columns changed from 2 to 3"),
        ("a,b,c\n1,0\n2,1\n", "names 3 columns and holds 2"),
        ("1,0\nnan,1\n1,0\n2,1\n", "x_(train|test) holds a number that is not finite"),
        ("\x00,1\n", "wants"),
    ],
)
def test_a_table_that_is_none_is_refused_in_a_line(tmp_path, text, says):
    with pytest.raises(DataError, match=says) as caught:
        read(table(tmp_path, text), None)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("function", ["blobs", "blobs_by_name"])
def test_a_function_gives_what_keras_gives_or_arrays_by_name(function):
    data = read(f"{PACKAGE}.{function}", None)
    (x, y), (x_test, _) = blobs()
    assert data.outputs == 3
    if function == "blobs":
        np.testing.assert_array_equal(data.train_features, x.astype(np.float32))
        np.testing.assert_array_equal(data.train_labels, y)
        assert len(data.test_labels) == len(x_test)
    assert data.digest == digest(f"{PACKAGE}.{function}", None)


@pytest.mark.parametrize(
    ("function", "says"),
    [("no_data", "wants .x_train, y_train., .* got int"), ("nowhere", "has no function nowhere")],
)
def test_a_function_that_gives_no_data_is_refused(function, says):
    with pytest.raises(UserCodeError, match=says):
        read(f"{PACKAGE}.{function}", None)


def test_some_classes_are_relabelled_in_their_order():
    whole, some = read("digits", None), read("digits", None, (7, 2, 5))
    wanted = np.isin(whole.train_labels, (7, 2, 5))
    np.testing.assert_array_equal(some.train_features, whole.train_features[wanted])
    np.testing.assert_array_equal(
        np.array([7, 2, 5])[some.train_labels], whole.train_labels[wanted]
    )
    assert some.outputs == 3
    assert set(some.test_labels) == {0, 1, 2}
    facts = describe("digits", None, (7, 2, 5))
    assert facts.train_examples == len(some.train_labels)
    assert facts.digest == some.digest == digest("digits", None, (7, 2, 5))
    assert len({some.digest, whole.digest, digest("digits", None, (2, 7, 5))}) == 3


def test_a_class_that_is_not_there_is_refused():
    with pytest.raises(DataError, match="digits: has no class 10; wants classes from 0 to 9"):
        read("digits", None, (0, 10))
