"""What every data set says of itself.  No NumPy here: ``plan`` and ``status`` must feel instant."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ablations.data.dataset import DataFacts, Dataset
from ablations.errors import DataError
from ablations.study.tasks import CLASSIFICATION, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

Arrays: TypeAlias = "Mapping[str, NDArray[Any]]"
"""``x_train``, ``y_train``, ``x_test`` and ``y_test``, or ``x`` and ``y``."""
Reader: TypeAlias = Callable[[tuple[Path, ...]], Arrays]


@dataclass(frozen=True)
class LocalCopy:
    """A complete copy of a data set on this machine: its files, and what reads them."""

    files: tuple[Path, ...]
    read: Reader = field(compare=False)


@dataclass(frozen=True)
class Layout:
    """One form in which a data set is distributed."""

    files: tuple[str, ...]
    """Paths below the data set's folder; all are needed, and they are hashed in this order."""
    read: Reader
    endings: tuple[str, ...] = ("",)
    """What may follow a file's name, the preferred ending first."""

    def find(self, folder: Path) -> LocalCopy | None:
        """Return the copy in ``folder``, or None where a file is missing."""
        candidates = [[folder / f"{name}{end}" for end in self.endings] for name in self.files]
        present = [next((path for path in paths if path.is_file()), None) for paths in candidates]
        files = tuple(path for path in present if path is not None)
        return LocalCopy(files, self.read) if len(files) == len(self.files) else None

    def __str__(self) -> str:
        folder = Path(self.files[0]).parent
        if folder != Path():
            return f"the folder {folder}"
        return ", ".join(self.files) + (f" ({self.endings[0]} or not)" if self.endings[1:] else "")


class DataSource(ABC):
    """A data set, or one kind of a user's own."""

    name: str
    """Its name in a study; one with a colon is a form, such as ``npz:PATH``."""
    description: str
    """What it holds, and its source."""

    task: Task = CLASSIFICATION
    """What its labels are for."""

    @property
    def facts(self) -> DataFacts | None:
        """What is known beforehand; nothing of a user's own."""
        return None

    @property
    def downloads(self) -> bool:
        """Whether ``download`` may bring it."""
        return False

    @property
    def runs_user_code(self) -> bool:
        """Whether reading it calls a function of the user's."""
        return False

    @abstractmethod
    def find(self, name: str, directory: Path | None) -> LocalCopy | None:
        """Return the copy on this machine; ``directory`` is looked in first."""

    @abstractmethod
    def read(self, name: str, copy: LocalCopy, digest: str) -> Dataset:
        """Return the data of a copy whose files hash to ``digest``.

        Raises:
            DataError: a file is torn, of another content, or larger than the budget.
            UserCodeError: a user's function does not return data.
        """

    @abstractmethod
    def missing(self, name: str, directory: Path | None, why: str = "") -> DataError:
        """Return the error that says what to put where; ``why`` begins with a semicolon."""

    def download(self, name: str, directory: Path | None) -> None:
        """Bring the data to this machine.

        Raises:
            DataError: it cannot be; see ``missing``.
        """
        raise self.missing(name, directory)
