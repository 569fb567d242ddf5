"""Published images: the real files, small ones that the test writes, and a new data set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.io import savemat

from ablations.data import catalog
from ablations.data.catalog import describe, read
from ablations.data.mnist import FASHION_MNIST, IDX_FILES, MNIST
from ablations.data.published import PublishedImages, archive
from ablations.errors import DataError
from tests.support.idx import PARTS, small_images, write_idx


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
    parts = small_images()
    write_idx(tmp_path / name, parts, zipped)
    check(read(name, tmp_path), parts)


def test_the_digest_follows_the_bytes(tmp_path):
    for number in (0, 1, 1):
        folder = tmp_path / f"copy{len(list(tmp_path.iterdir()))}"
        write_idx(folder / "mnist", small_images(seed=number))
    first, second, third = (describe("mnist", path).digest for path in sorted(tmp_path.iterdir()))
    assert first != second
    assert second == third


NAMES = ("x_train", "y_train", "x_test", "y_test")


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_an_archive_is_read_from_the_directory(tmp_path, name):
    (tmp_path / name).mkdir()
    np.savez(tmp_path / name / f"{name}.npz", **dict(zip(NAMES, small_images(), strict=True)))
    check(read(name, tmp_path), small_images())


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


def test_mnist_is_read_from_what_keras_has_cached(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("ABLATIONS_DATA", raising=False)
    parts = small_images()
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
        np.savez(path, x_train=small_images()[0])
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
    parts = small_images()
    parts[part] = array
    write_idx(tmp_path / "mnist", parts)
    with pytest.raises(DataError, match=says):
        read("mnist", tmp_path)


def test_an_incomplete_directory_does_not_count(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "empty"))
    write_idx(tmp_path / "mnist", small_images())
    (tmp_path / "mnist" / PARTS[3]).unlink()
    assert catalog.files("mnist", tmp_path) is None
    assert describe("mnist", tmp_path).digest is None


PUBLISHED = [s for s in catalog.DATA_SETS.values() if isinstance(s, PublishedImages)]


def test_missing_data_says_which_files_go_where(tmp_path):
    for source in PUBLISHED:
        message = str(source.missing(source.name, tmp_path))
        assert "\n" not in message
        assert f"into {tmp_path / source.name}/, " in message
        assert "--data DIR" in message
        for layout in source.layouts:
            for file in layout.files:
                assert file in message or f"the folder {file.rpartition('/')[0]}" in message


def test_missing_data_names_the_variable_where_no_directory_is_chosen(monkeypatch):
    monkeypatch.delenv("ABLATIONS_DATA", raising=False)
    assert "into $ABLATIONS_DATA/mnist/" in str(MNIST.missing("mnist", None))
    monkeypatch.setenv("ABLATIONS_DATA", "/somewhere")
    message = str(MNIST.missing("mnist", None))
    assert "into /somewhere/mnist/" in message
    assert f"Put {', '.join(PARTS)} (.gz or not), or mnist.npz, or mnist-original.mat" in message


@pytest.fixture
def kmnist(monkeypatch):
    """A data set in IDX files that Keras does not offer, added to the one table."""
    layouts = IDX_FILES, archive("kmnist")
    new = replace(FASHION_MNIST, name="kmnist", layouts=layouts, keras=None)
    table = catalog.by_name(*catalog.DATA_SETS.values(), new)
    monkeypatch.setattr(catalog, "DATA_SETS", table)


@pytest.mark.usefixtures("kmnist")
def test_a_new_data_set_is_one_value_in_the_table(tmp_path):
    write_idx(tmp_path / "kmnist", small_images(), zipped=True)
    catalog.fetch("kmnist", tmp_path)
    check(read("kmnist", tmp_path), small_images())
    facts = describe("kmnist", tmp_path)
    assert (facts.name, facts.input_shape) == ("kmnist", (28, 28))
    assert facts.digest == catalog.digest("kmnist", tmp_path) is not None


@pytest.mark.usefixtures("kmnist")
def test_a_new_data_set_that_is_nowhere_is_one_line_that_says_what_to_put_where(tmp_path):
    assert catalog.digest("kmnist", tmp_path) is None
    for ask in (catalog.fetch, read, describe):
        with pytest.raises(DataError) as caught:
            ask("kmnist", tmp_path)
        assert str(caught.value) == (
            f"data set kmnist: not on this machine. Put {', '.join(PARTS)} (.gz or not), or "
            f"kmnist.npz, into {tmp_path}/kmnist/, or name the directory above it with "
            "--data DIR"
        )


def test_a_name_that_is_declared_twice_is_a_mistake():
    with pytest.raises(ValueError, match="declared twice"):
        catalog.by_name(MNIST, FASHION_MNIST, MNIST)


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
