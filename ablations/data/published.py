"""Published data sets of images, which anyone can fetch: one declaration says all of one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ablations.data.dataset import DataFacts, Dataset
from ablations.data.locate import (
    DIRECTORY_VARIABLE,
    chosen_directory,
    download_by_keras,
    keras_cache,
)
from ablations.data.source import Arrays, DataSource, Layout, LocalCopy
from ablations.errors import DataError


def _read_archive(files: tuple[Path, ...]) -> Arrays:
    from ablations.data.formats.npz import read_npz

    return read_npz(files[0])


def archive(name: str) -> Layout:
    """Return the layout of one ``.npz`` that holds what Keras returns."""
    return Layout((f"{name}.npz",), _read_archive)


@dataclass(frozen=True)
class KerasCopy:
    """What ``keras.datasets.<name>`` downloads."""

    layout: Layout
    folder: str = ""
    """Where it lies below Keras's directory of data sets."""


@dataclass(frozen=True)
class PublishedImages(DataSource):
    """Images in uint8 with a test split of their own.

    They are looked for in the data directory's folder of their name, by each layout in turn, then
    where Keras keeps what it has downloaded.
    """

    name: str
    description: str
    input_shape: tuple[int, ...]
    classes: int
    train_examples: int
    test_examples: int
    layouts: tuple[Layout, ...]
    keras: KerasCopy | None = None
    """None where Keras does not offer the data set."""

    @property
    def facts(self) -> DataFacts:
        """What is known before a file is read."""
        sizes = self.train_examples, self.test_examples
        return DataFacts(self.name, self.input_shape, self.classes, *sizes, None)

    @property
    def downloads(self) -> bool:
        """Whether Keras offers it."""
        return self.keras is not None

    def find(self, name: str, directory: Path | None) -> LocalCopy | None:
        """Return the first complete copy."""
        chosen = chosen_directory(directory)
        places = [(layout, chosen / self.name) for layout in self.layouts] if chosen else []
        if self.keras is not None:
            places.append((self.keras.layout, keras_cache() / self.keras.folder))
        copies = (layout.find(folder) for layout, folder in places)
        return next((copy for copy in copies if copy is not None), None)

    def read(self, name: str, copy: LocalCopy, digest: str) -> Dataset:
        """Return the images and labels of one copy."""
        from ablations.data.images import image_dataset

        return image_dataset(self.facts, copy, digest)

    def missing(self, name: str, directory: Path | None, why: str = "") -> DataError:
        """Return the error that names every layout, and the folder."""
        folder = (chosen_directory(directory) or Path(f"${DIRECTORY_VARIABLE}")) / self.name
        wanted = ", or ".join(map(str, self.layouts))
        return DataError(
            f"data set {self.name}: not on this machine{why}. Put {wanted}, into {folder}/, or "
            "name the directory above it with --data DIR"
        )

    def download(self, name: str, directory: Path | None) -> None:
        """Let Keras download it into its cache."""
        if self.keras is None:
            raise self.missing(name, directory)
        reason = download_by_keras(self.name)
        if reason is not None:
            raise self.missing(name, directory, f"; the download failed ({reason})")
