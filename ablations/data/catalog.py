"""Every data set there is, in one visible place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ablations.data import locate
from ablations.data.dataset import DataFacts, Dataset
from ablations.errors import DataError, suggest


@dataclass(frozen=True)
class Source:
    """Where one data set comes from."""

    facts: DataFacts
    find: Callable[[Path | None], list[Path] | None]
    """Its files on this machine, or None."""
    read: Callable[[list[Path], str], Dataset]
    download: Callable[[Path | None], None] | None = None


def _images(name: str) -> Source:
    return Source(
        DataFacts(name, (28, 28), 10, 60_000, 10_000, None),
        find=lambda directory: locate.find_files(name, directory),
        read=lambda files, digest: _read_images(name, files, digest),
        download=lambda directory: locate.download(name, directory),
    )


def _read_images(name: str, files: list[Path], digest: str) -> Dataset:
    from ablations.data.images import read_images

    return read_images(name, files, digest)


def _read_digits(files: list[Path], digest: str) -> Dataset:
    from ablations.data.digits import read_digits

    return read_digits(files[0], digest)


SOURCES: dict[str, Source] = {
    "digits": Source(
        DataFacts("digits", (8, 8), 10, 1_437, 360, None),
        find=lambda directory: [locate.digits_file()],
        read=_read_digits,
    ),
    "mnist": _images("mnist"),
    "fashion_mnist": _images("fashion_mnist"),
}


def describe(name: str, directory: Path | None) -> DataFacts:
    """Return what is known of a data set, with its digest if its files are here."""
    source = _source(name)
    files = source.find(directory)
    digest = None if files is None else _digest(_stamps(files))
    return DataFacts(**{**vars(source.facts), "digest": digest})


def read(name: str, directory: Path | None) -> Dataset:
    """Return a data set, downloading it where Keras can.

    Raises:
        DataError: unknown, missing, torn or over the memory budget.
    """
    fetch(name, directory)
    files = _source(name).find(directory)
    if files is None:
        raise locate.missing(name, directory)
    return _read(name, tuple(files), _digest(_stamps(files)))


def fetch(name: str, directory: Path | None) -> None:
    """See to it that a data set's files are on this machine."""
    source = _source(name)
    if source.find(directory) is None and source.download is not None:
        source.download(directory)


def _source(name: str) -> Source:
    if name not in SOURCES:
        raise DataError(f'unknown data set "{name}"; {suggest(name, SOURCES)}')
    return SOURCES[name]


@lru_cache(maxsize=2)
def _read(name: str, files: tuple[Path, ...], digest: str) -> Dataset:
    return _source(name).read(list(files), digest)


def _stamps(files: list[Path]) -> tuple[tuple[Path, int, int], ...]:
    """Return what changes when a file does, so that a file is hashed once while it stays."""
    return tuple((path, path.stat().st_size, path.stat().st_mtime_ns) for path in files)


@lru_cache(maxsize=16)
def _digest(stamps: tuple[tuple[Path, int, int], ...]) -> str:
    """Hash the files' bytes, in order."""
    total = hashlib.sha256()
    for path, _, _ in stamps:
        with path.open("rb") as stream:
            total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()
