"""The bundled digits against scikit-learn's own loader."""

from __future__ import annotations

import gzip
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ablations.data.catalog import describe, read
from ablations.data.digits import DIGITS
from ablations.data.source import LocalCopy
from ablations.errors import DataError


def sorted_rows(pixels, labels):
    table = np.column_stack([np.asarray(pixels).reshape(len(labels), -1), labels]).astype(int)
    return table[np.lexsort(table.T)]


def test_holds_the_rows_of_scikit_learn():
    data, theirs = read("digits", None), load_digits()
    ours = sorted_rows(
        np.concatenate([data.train_features, data.test_features]),
        np.concatenate([data.train_labels, data.test_labels]),
    )
    np.testing.assert_array_equal(ours, sorted_rows(theirs.images, theirs.target))


def test_is_what_the_catalogue_says():
    data, facts = read("digits", None), describe("digits", None)
    assert data.input_shape == facts.input_shape == (8, 8)
    assert (len(data.train_labels), len(data.test_labels)) == (1437, 360)
    assert (facts.train_examples, facts.test_examples) == (1437, 360)
    assert data.digest == facts.digest
    assert data.train_features.dtype == np.uint8
    assert data.train_features.max() * data.scale == 1.0


def test_every_class_is_in_both_parts():
    data = read("digits", None)
    for labels in (data.train_labels, data.test_labels):
        assert (np.bincount(labels, minlength=10) / len(labels) > 0.07).all()


def test_is_read_once():
    assert read("digits", None) is read("digits", None)


@pytest.mark.parametrize("installed", [False, True])
def test_scikit_learn_without_the_file_is_named(tmp_path, monkeypatch, installed):
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py")) if installed else None
    monkeypatch.setattr("importlib.util.find_spec", lambda name: spec)
    with pytest.raises(DataError, match="digits: wants the package scikit-learn") as caught:
        DIGITS.find("digits", None)
    assert ("digits.csv.gz" in str(caught.value)) == installed
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"torn", "torn or unreadable"),
        (gzip.compress(b"1,2\n3,4\n", mtime=0), r"wants 1797 rows of 64 pixels .* got \[2, 2\]"),
        (gzip.compress(b"1;2\n", mtime=0), "torn or unreadable"),
    ],
    ids=("no gzip", "other numbers", "no numbers"),
)
def test_another_file_there_is_refused_in_a_line(tmp_path, content, says):
    copy = DIGITS.find("digits", None)
    (tmp_path / "digits.csv.gz").write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        DIGITS.read("digits", LocalCopy((tmp_path / "digits.csv.gz",), copy.read), "")
    assert "\n" not in str(caught.value)
