"""What the data sets that scikit-learn bundles have in common.

Their files are read straight from the package: importing scikit-learn takes longer than reading.
Where they lie, and their format, are scikit-learn's own business: this file and those of the data
sets alone depend on them, and say so where they have changed.
"""

from __future__ import annotations

import importlib.util
from abc import abstractmethod
from pathlib import Path

from ablations.data.dataset import DataFacts, Dataset
from ablations.data.source import Arrays, DataSource, LocalCopy
from ablations.errors import DataError

_IN_SCIKIT_LEARN = Path("datasets", "data")


class Bundled(DataSource):
    """One data set; the same examples are for testing, whatever the seed."""

    bundled: tuple[str, ...]
    """Its files."""
    shape: tuple[int, ...]
    outputs: int
    examples: int
    test_examples: int
    scale: float = 1.0

    @property
    def facts(self) -> DataFacts:
        """What is known before a file is read."""
        train = self.examples - self.test_examples
        return DataFacts(self.name, self.shape, self.outputs, train, self.test_examples, None)

    def find(self, name: str, directory: Path | None) -> LocalCopy:
        """Return the bundled files.

        Raises:
            DataError: scikit-learn is not installed, or no longer bundles a file there.
        """
        spec = importlib.util.find_spec("sklearn")
        if spec is None or spec.origin is None:
            raise self.missing(name, directory)
        files = tuple(Path(spec.origin).parent / _IN_SCIKIT_LEARN / file for file in self.bundled)
        for file in files:
            if not file.is_file():
                raise self.missing(name, directory, f"; this one has no file {file}")
        return LocalCopy(files, self.arrays)

    @abstractmethod
    def arrays(self, files: tuple[Path, ...]) -> Arrays:
        """Return features ``x`` and labels ``y``.

        Raises:
            DataError: a file is torn, or scikit-learn has changed it.
        """

    def read(self, name: str, copy: LocalCopy, digest: str) -> Dataset:
        """Return the data; which examples test is drawn once and for all."""
        import numpy as np

        arrays = copy.read(copy.files)
        order = np.random.default_rng(0).permutation(self.examples)
        test, train = order[: self.test_examples], order[self.test_examples :]
        return Dataset(
            name=self.name,
            train_features=arrays["x"][train],
            train_labels=arrays["y"][train],
            test_features=arrays["x"][test],
            test_labels=arrays["y"][test],
            outputs=self.outputs,
            scale=self.scale,
            digest=digest,
        )

    def missing(self, name: str, directory: Path | None, why: str = "") -> DataError:
        """Return the error that names the package."""
        return DataError(
            f"data set {self.name}: wants the package scikit-learn, which bundles it{why}"
        )
