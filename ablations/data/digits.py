"""The handwritten digits that scikit-learn bundles: 1,797 images of 8 × 8, values 0 to 16.

The file is read straight from the package: importing scikit-learn takes longer than reading.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from ablations.data.dataset import Dataset

TEST_EXAMPLES = 360
HIGHEST_PIXEL = 16


def read_digits(file: Path, digest: str) -> Dataset:
    """Return the digits; the same 360 are for testing, whatever the seed."""
    with gzip.open(file, "rt") as stream:
        table = np.loadtxt(stream, delimiter=",", dtype=np.int32)
    order = np.random.default_rng(0).permutation(len(table))
    test, train = order[:TEST_EXAMPLES], order[TEST_EXAMPLES:]
    pixels = table[:, :-1].astype(np.uint8).reshape(-1, 8, 8)
    labels = table[:, -1]
    return Dataset(
        name="digits",
        train_features=pixels[train],
        train_labels=labels[train],
        test_features=pixels[test],
        test_labels=labels[test],
        classes=10,
        scale=1 / HIGHEST_PIXEL,
        digest=digest,
    )
