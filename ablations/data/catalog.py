"""Every data set there is, in one visible place, and what is asked of one by its name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from ablations.data.bundled_tables import BREAST_CANCER, DIABETES, WINE
from ablations.data.cifar10 import CIFAR10
from ablations.data.dataset import DataFacts, Dataset
from ablations.data.digits import DIGITS
from ablations.data.mnist import FASHION_MNIST, MNIST
from ablations.data.source import DataSource, LocalCopy
from ablations.data.user_data import ARCHIVE, FUNCTION, TABLE
from ablations.errors import DataError, suggest
from ablations.files import digest_of
from ablations.study.tasks import CLASSIFICATION, Advice, Task, by_loss
from ablations.study.technique import form_of


def by_name(*sources: DataSource) -> Mapping[str, DataSource]:
    """Return name → data set; a name that is there twice is a mistake."""
    named = {source.name: source for source in sources}
    if len(named) < len(sources):
        raise ValueError(f"a data set is declared twice among {[s.name for s in sources]}")
    return MappingProxyType(named)


DATA_SETS = by_name(
    *(DIGITS, WINE, BREAST_CANCER, DIABETES),
    *(MNIST, FASHION_MNIST, CIFAR10),
    *(ARCHIVE, TABLE, FUNCTION),
)


Classes = tuple[int, ...] | None


def runs_user_code(name: str) -> bool:
    """Whether ``read``, and so ``describe``, calls a function of the user's."""
    return _source(name).runs_user_code


def files(name: str, directory: Path | None) -> tuple[Path, ...] | None:
    """Return the files of a data set in a fixed order, or None if it is not on this machine."""
    copy = _source(name).find(name, directory)
    return None if copy is None else copy.files


def digest(name: str, directory: Path | None, classes: Classes = None) -> str | None:
    """Return the hash of what is learned from, or None where it is not on this machine."""
    present = files(name, directory)
    return None if present is None else _digest(digest_of(present), classes)


def describe(
    name: str,
    directory: Path | None,
    classes: Classes = None,
    task: Task = CLASSIFICATION,
    advice: Advice = by_loss,
) -> DataFacts:
    """Return what is known of a data set, with its digest if its files are here.

    What is not known beforehand is read: a user's own data, a choice of classes, and labels for
    another task than theirs.

    Raises:
        DataError: the data is not on this machine, and must be read or cannot be downloaded.
    """
    source, present = _source(name), digest(name, directory, classes)
    known = source.facts if classes is None and task is source.task else None
    if present is None and not (source.downloads and known):
        raise source.missing(name, directory)
    if known is not None:
        return replace(known, digest=present)
    return _facts_of(read(name, directory, classes, task, advice))


def fetch(name: str, directory: Path | None) -> None:
    """See to it that a data set's files are on this machine.

    Raises:
        DataError: they are not, and cannot be downloaded; says which files to put where.
    """
    source = _source(name)
    if source.find(name, directory) is None:
        source.download(name, directory)


def check(
    name: str,
    directory: Path | None,
    classes: Classes = None,
    task: Task = CLASSIFICATION,
    advice: Advice = by_loss,
) -> None:
    """See to it that a data set is on this machine and can be read, but for a user's function.

    Raises:
        DataError: it is not, or torn, or over the memory budget.
    """
    if runs_user_code(name):
        fetch(name, directory)
    else:
        read(name, directory, classes, task, advice)


def read(
    name: str,
    directory: Path | None,
    classes: Classes = None,
    task: Task = CLASSIFICATION,
    advice: Advice = by_loss,
) -> Dataset:
    """Return a data set, or some of its classes, downloading it where Keras can.

    ``advice`` says how another task is declared, where the labels are of one.

    Raises:
        DataError: unknown, missing, torn, over the memory budget, without such a class, or with
            labels that are not the task's.
        UserCodeError: a user's function does not return data.
    """
    fetch(name, directory)
    copy = _source(name).find(name, directory)
    if copy is None:
        raise _source(name).missing(name, directory)
    from ablations.data.labels import LabelsError

    try:
        return _read(name, copy, digest_of(copy.files), classes, task)
    except LabelsError as error:
        hint = f"; for these, {advice(error.fits)}" if error.fits else ""
        raise DataError(f"{error}{hint}") from None


def _source(name: str) -> DataSource:
    form = form_of(name, DATA_SETS)
    if form is None:
        raise DataError(f'unknown data set "{name}"; {suggest(name, DATA_SETS)}')
    return DATA_SETS[form]


def _digest(whole: str, classes: Classes) -> str:
    if classes is None:
        return whole
    return hashlib.sha256(json.dumps([whole, classes]).encode()).hexdigest()


def _facts_of(data: Dataset) -> DataFacts:
    train, test = len(data.train_labels), len(data.test_labels)
    shape, outputs = data.input_shape, data.outputs
    return DataFacts(data.name, shape, outputs, train, test, data.digest, data.values)


@lru_cache(maxsize=2)
def _read(name: str, copy: LocalCopy, digest: str, classes: Classes, task: Task) -> Dataset:
    from ablations.data.labels import fitted

    whole = fitted(_source(name).read(name, copy, digest), task)
    if classes is None:
        return whole
    from ablations.data.classes import only

    return only(whole, classes, _digest(digest, classes))
