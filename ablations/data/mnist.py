"""MNIST and the data sets that come in its IDX files."""

from __future__ import annotations

from pathlib import Path

from ablations.data.published import KerasCopy, PublishedImages, archive
from ablations.data.source import Arrays, Layout

PARTS = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def _read_idx_files(files: tuple[Path, ...]) -> Arrays:
    from ablations.data.arrays import SPLIT
    from ablations.data.formats.idx import read_idx

    return dict(zip(SPLIT, map(read_idx, files), strict=True))


def _read_matlab_file(files: tuple[Path, ...]) -> Arrays:
    from ablations.data.arrays import SPLIT
    from ablations.data.formats.matlab import read_matlab

    return dict(zip(SPLIT, read_matlab(files[0]), strict=True))


IDX_FILES = Layout(PARTS, _read_idx_files, endings=(".gz", ""))
MATLAB_FILE = Layout(("mnist-original.mat",), _read_matlab_file)


MNIST = PublishedImages(
    name="mnist",
    description="Handwritten digits (LeCun et al. 1998).",
    input_shape=(28, 28),
    classes=10,
    train_examples=60_000,
    test_examples=10_000,
    layouts=(IDX_FILES, archive("mnist"), MATLAB_FILE),
    keras=KerasCopy(archive("mnist")),
)
FASHION_MNIST = PublishedImages(
    name="fashion_mnist",
    description="Pieces of clothing, in the shape of MNIST (Xiao et al. 2017).",
    input_shape=(28, 28),
    classes=10,
    train_examples=60_000,
    test_examples=10_000,
    layouts=(IDX_FILES, archive("fashion_mnist")),
    keras=KerasCopy(IDX_FILES, "fashion-mnist"),
)
