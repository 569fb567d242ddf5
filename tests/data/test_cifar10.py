"""CIFAR-10 in the files of its authors, and in those of Keras."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from ablations.data.catalog import describe, read
from ablations.data.cifar10 import BATCHES, CIFAR10
from ablations.errors import DataError

NAMES = ("x_train", "y_train", "x_test", "y_test")


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
    message = str(CIFAR10.missing("cifar10", None))
    assert "the folder cifar-10-batches-py, or cifar10.npz, into " in message
