"""Write IDX files, as MNIST's authors define them."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PARTS = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def idx_bytes(array: NDArray[Any], kind: int = 0x08) -> bytes:
    """Return an array of unsigned bytes as the content of an IDX file."""
    header = bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


def small_images(seed: int = 0, train: int = 7, test: int = 3) -> list[NDArray[np.uint8]]:
    """Return images and labels to train on, then those for testing, in the shape of MNIST."""
    generator = np.random.default_rng(seed)
    images = [generator.integers(0, 256, (n, 28, 28)).astype(np.uint8) for n in (train, test)]
    labels = [generator.integers(0, 10, n).astype(np.uint8) for n in (train, test)]
    return [images[0], labels[0], images[1], labels[1]]


def write_idx(directory: Path, parts: Sequence[NDArray[Any]], zipped: bool = False) -> None:
    """Write the four parts into a new directory."""
    directory.mkdir(parents=True)
    for name, array in zip(PARTS, parts, strict=True):
        content = idx_bytes(array)
        path = directory / (f"{name}.gz" if zipped else name)
        path.write_bytes(gzip.compress(content) if zipped else content)
