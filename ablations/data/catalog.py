"""Every data set there is, in one visible place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from ablations.data import locate
from ablations.data.dataset import DataFacts, Dataset
from ablations.errors import DataError, suggest
from ablations.files import digest_of
from ablations.study.technique import form_of
from ablations.user_code import FORM, UserFunction


@dataclass(frozen=True)
class Source:
    """Where one data set, or one kind of a user's own, comes from."""

    find: Callable[[str, Path | None], list[Path] | None]
    """Its name and the data's directory → its files on this machine, or None."""
    read: Callable[[str, list[Path], str], Dataset]
    """Its name, files and digest → the data."""
    facts: DataFacts | None = None
    """What is known of it beforehand; nothing of a user's own."""
    download: Callable[[str, Path | None], None] | None = None


def _images(name: str, shape: tuple[int, ...], train_examples: int) -> Source:
    def read(name: str, files: list[Path], digest: str) -> Dataset:
        from ablations.data.images import read_images

        return read_images(name, shape, files, digest)

    facts = DataFacts(name, shape, 10, train_examples, 10_000, None)
    return Source(locate.find_files, read, facts, locate.download)


def _read_digits(name: str, files: list[Path], digest: str) -> Dataset:
    from ablations.data.digits import read_digits

    return read_digits(files[0], digest)


def _read_archive(name: str, files: list[Path], digest: str) -> Dataset:
    from ablations.data.user_data import read_archive

    return read_archive(name, files, digest)


def _read_table(name: str, files: list[Path], digest: str) -> Dataset:
    from ablations.data.user_data import read_table

    return read_table(name, files, digest)


def _call_function(name: str, files: list[Path], digest: str) -> Dataset:
    from ablations.data.user_data import call_function

    return call_function(name, files, digest)


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "digits": Source(
            lambda name, directory: [locate.digits_file()],
            _read_digits,
            DataFacts("digits", (8, 8), 10, 1_437, 360, None),
        ),
        "mnist": _images("mnist", (28, 28), 60_000),
        "fashion_mnist": _images("fashion_mnist", (28, 28), 60_000),
        "cifar10": _images("cifar10", (32, 32, 3), 50_000),
        "npz:PATH": Source(locate.own_file, _read_archive),
        "csv:PATH": Source(locate.own_file, _read_table),
        FORM: Source(lambda name, directory: UserFunction.named(name).files(), _call_function),
    }
)


Classes = tuple[int, ...] | None


def runs_user_code(name: str) -> bool:
    """Whether ``read``, and so ``describe``, calls a function of the user's."""
    return form_of(name, SOURCES) == FORM


def describe(name: str, directory: Path | None, classes: Classes = None) -> DataFacts:
    """Return what is known of a data set, with its digest if its files are here.

    What is not known beforehand is read: a user's own data, and a choice of classes.
    """
    facts, found = _source(name).facts, digest(name, directory, classes)
    if facts is not None and classes is None:
        return replace(facts, digest=found)
    if found is None:
        raise locate.missing(name, directory)
    return _facts_of(read(name, directory, classes))


def digest(name: str, directory: Path | None, classes: Classes = None) -> str | None:
    """Return the hash of what is learned from, or None where it is not on this machine."""
    files = _source(name).find(name, directory)
    return None if files is None else _digest(digest_of(files), classes)


def _digest(whole: str, classes: Classes) -> str:
    if classes is None:
        return whole
    return hashlib.sha256(json.dumps([whole, classes]).encode()).hexdigest()


def read(name: str, directory: Path | None, classes: Classes = None) -> Dataset:
    """Return a data set, or some of its classes, downloading it where Keras can.

    Raises:
        DataError: unknown, missing, torn, over the memory budget, or without such a class.
        UserCodeError: a user's function does not return data.
    """
    fetch(name, directory)
    files = _source(name).find(name, directory)
    if files is None:
        raise locate.missing(name, directory)
    return _read(name, tuple(files), digest_of(files), classes)


def fetch(name: str, directory: Path | None) -> None:
    """See to it that a data set's files are on this machine."""
    source = _source(name)
    if source.download is not None and source.find(name, directory) is None:
        source.download(name, directory)


def _source(name: str) -> Source:
    form = form_of(name, SOURCES)
    if form is None:
        raise DataError(f'unknown data set "{name}"; {suggest(name, SOURCES)}')
    return SOURCES[form]


def _facts_of(data: Dataset) -> DataFacts:
    train, test = len(data.train_labels), len(data.test_labels)
    return DataFacts(data.name, data.input_shape, data.classes, train, test, data.digest)


@lru_cache(maxsize=2)
def _read(name: str, files: tuple[Path, ...], digest: str, classes: Classes) -> Dataset:
    whole = _source(name).read(name, list(files), digest)
    if classes is None:
        return whole
    from ablations.data.classes import only

    return only(whole, classes, _digest(digest, classes))
