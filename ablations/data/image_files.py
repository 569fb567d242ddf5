"""MNIST and Fashion-MNIST: from IDX files that are here, else from Keras's cache or download."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablations.data.dataset import Dataset
from ablations.data.idx import read_idx
from ablations.errors import DataError

DIRECTORY_VARIABLE = "ABLATIONS_DATA"
CLASSES = 10
INPUT_SHAPE = (28, 28)
PARTS = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_KERAS_NAMES = {"mnist": "mnist", "fashion_mnist": "fashion-mnist"}


def find_files(name: str, directory: Path | None) -> list[Path] | None:
    """Return the files of a data set in a fixed order, or None if they are not on this machine.

    They are looked for in ``directory``/name, then in ``$ABLATIONS_DATA``/name, then where Keras
    keeps what it has downloaded.
    """
    chosen = directory or os.environ.get(DIRECTORY_VARIABLE)
    if chosen:
        found = _parts(Path(chosen) / name)
        if found:
            return found
    if name == "mnist":
        archive = keras_cache() / "mnist.npz"
        return [archive] if archive.is_file() else None
    return _parts(keras_cache() / _KERAS_NAMES[name])


def keras_cache() -> Path:
    """Return the directory where Keras keeps data sets."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets"


def _parts(directory: Path) -> list[Path] | None:
    found = []
    for part in PARTS:
        candidates = (directory / f"{part}.gz", directory / part)
        path = next((path for path in candidates if path.is_file()), None)
        if path is None:
            return None
        found.append(path)
    return found


def download(name: str) -> None:
    """Let Keras download a data set into its cache.

    Raises:
        DataError: it could not; says which files to put where.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    try:
        getattr(keras.datasets, name).load_data()
    except Exception as error:
        raise missing(name, f"; the download failed: {str(error).splitlines()[0]}") from None


def missing(name: str, why: str = "") -> DataError:
    """Return the error that says which files to put where."""
    where = os.environ.get(DIRECTORY_VARIABLE) or f"${DIRECTORY_VARIABLE}"
    return DataError(
        f"data set {name}: not on this machine{why}. Put {', '.join(PARTS)} (.gz or not) into "
        f"{Path(where) / name}/, or name the directory above it with --data DIR"
    )


def read_images(name: str, files: list[Path], digest: str) -> Dataset:
    """Read the files that ``find_files`` found."""
    arrays = _read_npz(files[0]) if len(files) == 1 else [read_idx(path) for path in files]
    train_images, train_labels, test_images, test_labels = arrays
    _check(files[0], train_images, train_labels)
    _check(files[-1], test_images, test_labels)
    return Dataset(
        name=name,
        train_features=train_images,
        train_labels=train_labels.astype(np.int32),
        test_features=test_images,
        test_labels=test_labels.astype(np.int32),
        classes=CLASSES,
        scale=1 / 255,
        digest=digest,
    )


def _read_npz(path: Path) -> list[NDArray[np.uint8]]:
    with np.load(path, allow_pickle=False) as archive:
        return [archive[key] for key in ("x_train", "y_train", "x_test", "y_test")]


def _check(path: Path, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    if images.shape[1:] != INPUT_SHAPE or labels.shape != (len(images),):
        raise DataError(
            f"{path}: images {images.shape} and labels {labels.shape} do not fit; wants "
            f"[N, {INPUT_SHAPE[0]}, {INPUT_SHAPE[1]}] and [N]"
        )
    if len(labels) and int(labels.max()) >= CLASSES:
        raise DataError(f"{path}: labels reach {int(labels.max())}; wants 0 to {CLASSES - 1}")
