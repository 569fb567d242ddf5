"""MNIST and Fashion-MNIST: the real files, and small ones that the test writes."""

from __future__ import annotations

import gzip
import pickle

import numpy as np
import pytest
from scipy.io import savemat

from ablations.data import catalog
from ablations.data.catalog import describe, read
from ablations.data.locate import BATCHES, PARTS, find_files, missing
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


NAMES = ("x_train", "y_train", "x_test", "y_test")


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_an_archive_is_read_from_the_directory(tmp_path, name):
    (tmp_path / name).mkdir()
    np.savez(tmp_path / name / f"{name}.npz", **dict(zip(NAMES, small(), strict=True)))
    check(read(name, tmp_path), small())


def write_matlab(path, pixels, labels):
    path.parent.mkdir()
    savemat(path, {"data": pixels, "label": labels, "mldata_descr_ordering": ["label", "data"]})


def test_the_matlab_file_of_the_notes_is_mnist(tmp_path):
    pixels = np.zeros((784, 60_003), np.uint8)
    pixels[:, [0, 59_999, 60_000, 60_002]] = np.random.default_rng(0).integers(0, 256, (784, 4))
    labels = (np.arange(60_003) % 10).astype(np.float64)[None]
    write_matlab(tmp_path / "mnist" / "mnist-original.mat", pixels, labels)
    data = read("mnist", tmp_path)
    assert data.train_features.shape == (60_000, 28, 28)
    for row in (0, 59_999):
        np.testing.assert_array_equal(data.train_features[row], pixels[:, row].reshape(28, 28))
    for row in (0, 2):
        test = pixels[:, 60_000 + row].reshape(28, 28)
        np.testing.assert_array_equal(data.test_features[row], test)
    assert data.train_labels[:12].tolist() == [*range(10), 0, 1]
    assert data.test_labels.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("pixels", "says"),
    [
        (np.zeros((784, 4), np.uint8), r"with N > 60000, got data \[784, 4\], label \[1, 4\]"),
        (np.zeros((5, 4), np.uint8), r"wants data \[784, N\]"),
        (None, "torn or unreadable"),
    ],
)
def test_another_matlab_file_is_refused_in_a_line(tmp_path, pixels, says):
    path = tmp_path / "mnist" / "mnist-original.mat"
    write_matlab(path, np.zeros((784, 4)) if pixels is None else pixels, np.zeros((1, 4)))
    if pixels is None:
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match=says) as caught:
        read("mnist", tmp_path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def cifar_batches(folder, count=3):
    """Write the six batches as the authors did; return images [6, N, 32, 32, 3] and labels."""
    generator = np.random.default_rng(5)
    images = generator.integers(0, 256, (6, count, 32, 32, 3)).astype(np.uint8)
    labels = generator.integers(0, 10, (6, count)).tolist()
    folder.mkdir(parents=True)
    for name, image, label in zip(BATCHES, images, labels, strict=True):
        rows = image.transpose(0, 3, 1, 2).reshape(count, 3072)
        batch = {b"data": rows, b"labels": label, b"batch_label": b"one of six"}
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))
    return images, labels


@pytest.mark.parametrize("where", ["directory", "keras"])
def test_cifar10_is_read_from_its_batches(tmp_path, monkeypatch, where):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("ABLATIONS_DATA", raising=False)
    above = (
        tmp_path / "cifar10"
        if where == "directory"
        else (tmp_path / "keras" / "datasets" / "cifar-10-batches-py-target")
    )
    images, labels = cifar_batches(above / "cifar-10-batches-py")
    data = read("cifar10", tmp_path if where == "directory" else None)
    np.testing.assert_array_equal(data.train_features, np.concatenate(images[:5]))
    np.testing.assert_array_equal(data.train_labels, np.concatenate(labels[:5]))
    np.testing.assert_array_equal(data.test_features, images[5])
    assert data.scale == 1 / 255
    assert describe("cifar10", tmp_path).input_shape == (32, 32, 3)


def test_cifar10_is_read_from_an_archive_of_what_keras_returns(tmp_path):
    (tmp_path / "cifar10").mkdir()
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype(np.uint8)
    labels = np.array([[1], [0], [9], [3]], np.uint8)
    parts = dict(zip(NAMES, (images, labels, images[:2], labels[:2]), strict=True))
    np.savez(tmp_path / "cifar10" / "cifar10.npz", **parts)
    assert read("cifar10", tmp_path).train_labels.tolist() == [1, 0, 9, 3]


class Program:
    def __reduce__(self):
        return print, ("a pickle ran",)


@pytest.mark.parametrize(
    ("batch", "says"),
    [
        (Program(), "names (builtins|__builtin__).print, which is no array"),
        ({b"data": np.zeros((2, 9), np.uint8), b"labels": [0, 1]}, r"wants data \[N, 3072\]"),
        ({b"data": np.zeros((1, 3072), np.uint8), b"labels": [10]}, "labels from 0 to 9"),
        ({}, "torn or unreadable: KeyError"),
    ],
)
def test_a_batch_of_another_content_is_refused_and_runs_nothing(tmp_path, capsys, batch, says):
    folder = tmp_path / "cifar10" / "cifar-10-batches-py"
    cifar_batches(folder)
    (folder / "data_batch_2").write_bytes(pickle.dumps(batch, protocol=2))
    with pytest.raises(DataError, match=says) as caught:
        read("cifar10", tmp_path)
    assert str(caught.value).startswith(f"{folder / 'data_batch_2'}: ")
    assert capsys.readouterr().out == ""


def test_missing_cifar10_says_what_goes_where():
    message = str(missing("cifar10", None))
    assert "the folder cifar-10-batches-py, or cifar10.npz, into " in message


def test_mnist_is_read_from_what_keras_has_cached(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("ABLATIONS_DATA", raising=False)
    parts = small()
    (tmp_path / "datasets").mkdir()
    np.savez(tmp_path / "datasets" / "mnist.npz", **dict(zip(NAMES, parts, strict=True)))
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
