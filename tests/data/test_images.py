"""MNIST and Fashion-MNIST: the real files, and small ones that the test writes."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from ablations.data import catalog
from ablations.data.catalog import describe, read
from ablations.data.locate import PARTS, find_files, missing
from ablations.errors import DataError
from tests.data.test_idx import idx_bytes


def small(seed=0, train=7, test=3):
    generator = np.random.default_rng(seed)
    images = [generator.integers(0, 256, (n, 28, 28)).astype(np.uint8) for n in (train, test)]
    labels = [generator.integers(0, 10, n).astype(np.uint8) for n in (train, test)]
    return [images[0], labels[0], images[1], labels[1]]


def write_idx(directory, parts, zipped=False):
    directory.mkdir(parents=True)
    for name, array in zip(PARTS, parts, strict=True):
        content = idx_bytes(array)
        path = directory / (f"{name}.gz" if zipped else name)
        path.write_bytes(gzip.compress(content) if zipped else content)


def check(data, parts):
    for got, wanted in zip(
        (data.train_features, data.train_labels, data.test_features, data.test_labels),
        parts,
        strict=True,
    ):
        np.testing.assert_array_equal(got, wanted)
    assert data.scale == 1 / 255


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_idx_files_are_read_from_the_directory(tmp_path, name, zipped):
    parts = small()
    write_idx(tmp_path / name, parts, zipped)
    check(read(name, tmp_path), parts)


def test_the_digest_follows_the_bytes(tmp_path):
    for number in (0, 1, 1):
        folder = tmp_path / f"copy{len(list(tmp_path.iterdir()))}"
        write_idx(folder / "mnist", small(seed=number))
    first, second, third = (describe("mnist", path).digest for path in sorted(tmp_path.iterdir()))
    assert first != second
    assert second == third


def test_mnist_is_read_from_what_keras_has_cached(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("ABLATIONS_DATA", raising=False)
    parts = small()
    (tmp_path / "datasets").mkdir()
    names = ("x_train", "y_train", "x_test", "y_test")
    np.savez(tmp_path / "datasets" / "mnist.npz", **dict(zip(names, parts, strict=True)))
    check(read("mnist", None), parts)


@pytest.mark.parametrize("damage", ["torn", "pickled", "incomplete"])
def test_a_hurt_archive_is_refused_in_a_line(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("ABLATIONS_DATA", raising=False)
    path = tmp_path / "datasets" / "mnist.npz"
    path.parent.mkdir()
    if damage == "pickled":
        np.savez(path, x_train=np.array([{"a": 1}], dtype=object))
    else:
        np.savez(path, x_train=small()[0])
    if damage == "torn":
        path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError) as caught:
        read("mnist", None)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("part", "array", "says"),
    [
        (1, np.zeros(6, np.uint8), r"images \(7, 28, 28\) and labels \(6,\) do not fit"),
        (2, np.zeros((3, 27, 28), np.uint8), r"images \(3, 27, 28\) and labels \(3,\) do not fit"),
        (3, np.array([0, 1, 10], np.uint8), "labels reach 10; wants 0 to 9"),
    ],
)
def test_parts_that_do_not_fit_are_refused(tmp_path, part, array, says):
    parts = small()
    parts[part] = array
    write_idx(tmp_path / "mnist", parts)
    with pytest.raises(DataError, match=says):
        read("mnist", tmp_path)


def test_an_incomplete_directory_does_not_count(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "empty"))
    write_idx(tmp_path / "mnist", small())
    (tmp_path / "mnist" / PARTS[3]).unlink()
    assert find_files("mnist", tmp_path) is None
    assert describe("mnist", tmp_path).digest is None


def test_missing_data_says_which_files_go_where(monkeypatch):
    monkeypatch.setenv("ABLATIONS_DATA", "/somewhere")
    message = str(missing("fashion_mnist", None))
    assert "\n" not in message
    assert all(part in message for part in PARTS)
    assert "/somewhere/fashion_mnist/" in message
    assert "--data DIR" in message


def test_an_unknown_data_set_gets_a_suggestion():
    with pytest.raises(DataError, match='unknown data set "minst"; did you mean "mnist"'):
        read("minst", None)


REAL = {
    "mnist": ([5, 0, 4, 1, 9], 0.1307, 0.3081),
    "fashion_mnist": ([9, 0, 0, 3, 0], 0.2860, 0.3530),
}


@pytest.mark.parametrize("name", REAL)
def test_the_real_files_are_the_published_ones(request, name):
    data = catalog.read(name, request.getfixturevalue(name))
    labels, mean, deviation = REAL[name]
    assert data.train_labels[:5].tolist() == labels
    assert data.train_features.shape == (60_000, 28, 28)
    assert data.test_features.shape == (10_000, 28, 28)
    pixels = data.train_features.astype(np.float32) * data.scale
    assert float(pixels.mean(dtype=np.float64)) == pytest.approx(mean, abs=5e-5)
    assert float(pixels.std(dtype=np.float64)) == pytest.approx(deviation, abs=5e-5)
    if name == "fashion_mnist":
        assert np.bincount(data.train_labels).tolist() == [6000] * 10
        assert np.bincount(data.test_labels).tolist() == [1000] * 10
