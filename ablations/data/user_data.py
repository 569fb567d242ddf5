"""What a study brings: ``npz:PATH``, ``csv:PATH`` and ``python:module.function``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablations.data.dataset import Dataset
from ablations.data.source import Arrays, DataSource, LocalCopy, Reader
from ablations.errors import DataError, UserCodeError
from ablations.user_code import FORM, UserFunction


@dataclass(frozen=True)
class OwnFile(DataSource):
    """A file that a name such as ``npz:PATH`` holds, from the working directory on."""

    name: str
    description: str
    reader: Reader

    def find(self, name: str, directory: Path | None) -> LocalCopy | None:
        """Return the file."""
        path = Path(name.partition(":")[2])
        return LocalCopy((path,), self.reader) if path.is_file() else None

    def read(self, name: str, copy: LocalCopy, digest: str) -> Dataset:
        """Return the data set in the file; see ``dataset_of``."""
        from ablations.data.arrays import dataset_of

        return dataset_of(name, copy.read(copy.files), digest)

    def missing(self, name: str, directory: Path | None, why: str = "") -> DataError:
        """Return the error that says from where the path counts."""
        return DataError(f"data set {name}: no such file from {Path.cwd()} on{why}")


class OwnFunction(DataSource):
    """A function that returns pairs as ``keras.datasets`` does, or arrays by name."""

    name = FORM
    description = (
        "Your function: (x_train, y_train), (x_test, y_test), or a mapping with these names or "
        "with x and y, and sample_weights of those that train; several inputs are a mapping of "
        "names in place of x."
    )

    @property
    def runs_user_code(self) -> bool:
        """Always."""
        return True

    def find(self, name: str, directory: Path | None) -> LocalCopy:
        """Return the Python files whose hash tells whether the function has changed."""
        function = UserFunction.named(name)
        return LocalCopy(tuple(function.files()), lambda files: _arrays(name, function.call()))

    def read(self, name: str, copy: LocalCopy, digest: str) -> Dataset:
        """Call the function and return its data.

        Raises:
            UserCodeError: it does not import, raises, or returns something else.
            DataError: the arrays do not fit; see ``dataset_of``.
        """
        from ablations.data.arrays import dataset_of

        return dataset_of(name, copy.read(copy.files), digest)

    def missing(self, name: str, directory: Path | None, why: str = "") -> DataError:
        """Return the error for a function without files, which ``find`` refuses before."""
        return DataError(f"data set {name}: no such function{why}")


def _arrays(name: str, returned: Any) -> Arrays:
    import numpy as np

    from ablations.data.arrays import SPLIT

    try:
        if not isinstance(returned, Mapping):
            (x_train, y_train), (x_test, y_test) = returned
            returned = dict(zip(SPLIT, (x_train, y_train, x_test, y_test), strict=True))
        return {key: np.asarray(array) for key, array in _flat(returned)}
    except (TypeError, ValueError):
        raise UserCodeError(
            f"{name}: wants (x_train, y_train), (x_test, y_test) or a mapping with these names, "
            f"got {type(returned).__name__}"
        ) from None


def _flat(arrays: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the arrays by name, those of several inputs as ``x/NAME``."""
    for key, array in arrays.items():
        if isinstance(array, Mapping):
            yield from ((f"{key}/{name}", each) for name, each in array.items())
        else:
            yield key, array


def _read_archive(files: tuple[Path, ...]) -> Arrays:
    from ablations.data.formats.npz import read_npz

    return read_npz(files[0])


def _read_table(files: tuple[Path, ...]) -> Arrays:
    from ablations.data.formats.csv_table import read_csv

    return read_csv(files[0])


ARCHIVE = OwnFile(
    "npz:PATH",
    "Your NumPy archive: x_train, y_train, x_test and y_test, or x and y, of which a fifth tests; "
    "x/left and x/right are two inputs, sample_weights weigh what trains.",
    _read_archive,
)
TABLE = OwnFile(
    "csv:PATH",
    "Your table of numbers, one example a line, the label in the column label or else the last.",
    _read_table,
)
FUNCTION = OwnFunction()
