"""CIFAR-10, in the Python batches of its authors."""

from __future__ import annotations

from pathlib import Path

from ablations.data.published import KerasCopy, PublishedImages, archive
from ablations.data.source import Arrays, Layout

FOLDER = "cifar-10-batches-py"
BATCHES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")


def _read_batches(files: tuple[Path, ...]) -> Arrays:
    from ablations.data.arrays import SPLIT
    from ablations.data.formats.cifar_batches import read_batches

    return dict(zip(SPLIT, read_batches(files), strict=True))


_BATCHES = Layout(tuple(f"{FOLDER}/{batch}" for batch in BATCHES), _read_batches)

CIFAR10 = PublishedImages(
    name="cifar10",
    description="Colour photographs of animals and vehicles (Krizhevsky 2009).",
    input_shape=(32, 32, 3),
    classes=10,
    train_examples=50_000,
    test_examples=10_000,
    layouts=(_BATCHES, archive("cifar10")),
    keras=KerasCopy(_BATCHES, f"{FOLDER}-target"),
)
