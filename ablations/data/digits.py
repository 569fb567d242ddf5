"""The handwritten digits that scikit-learn bundles: 1,797 images of 8 × 8, values 0 to 16.

The file is read straight from the package: importing scikit-learn takes longer than reading.
Where it lies, and its format, are scikit-learn's own business: this file alone depends on them,
and says so where they have changed.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from ablations.data.dataset import DataFacts, Dataset
from ablations.data.source import Arrays, DataSource, LocalCopy
from ablations.errors import DataError

EXAMPLES = 1_797
TEST_EXAMPLES = 360
HIGHEST_PIXEL = 16
_IN_SCIKIT_LEARN = Path("datasets", "data", "digits.csv.gz")


class Digits(DataSource):
    """The data set ``digits``."""

    name = "digits"
    description = "Handwritten digits, bundled with scikit-learn (Alpaydin and Kaynak 1998)."

    @property
    def facts(self) -> DataFacts:
        """What is known before the file is read."""
        return DataFacts(self.name, (8, 8), 10, EXAMPLES - TEST_EXAMPLES, TEST_EXAMPLES, None)

    def find(self, name: str, directory: Path | None) -> LocalCopy:
        """Return the bundled file.

        Raises:
            DataError: scikit-learn is not installed, or no longer bundles the file there.
        """
        spec = importlib.util.find_spec("sklearn")
        if spec is None or spec.origin is None:
            raise self.missing(name, directory)
        file = Path(spec.origin).parent / _IN_SCIKIT_LEARN
        if not file.is_file():
            raise self.missing(name, directory, f"; this one has no file {file}")
        return LocalCopy((file,), _read_table)

    def read(self, name: str, copy: LocalCopy, digest: str) -> Dataset:
        """Return the digits; the same 360 are for testing, whatever the seed."""
        import numpy as np

        arrays = copy.read(copy.files)
        order = np.random.default_rng(0).permutation(EXAMPLES)
        test, train = order[:TEST_EXAMPLES], order[TEST_EXAMPLES:]
        return Dataset(
            name=self.name,
            train_features=arrays["x"][train],
            train_labels=arrays["y"][train],
            test_features=arrays["x"][test],
            test_labels=arrays["y"][test],
            classes=10,
            scale=1 / HIGHEST_PIXEL,
            digest=digest,
        )

    def missing(self, name: str, directory: Path | None, why: str = "") -> DataError:
        """Return the error that names the package."""
        return DataError(
            f"data set {self.name}: wants the package scikit-learn, which bundles it{why}"
        )


def _read_table(files: tuple[Path, ...]) -> Arrays:
    """Return images ``x`` [N, 8, 8] in uint8 and labels ``y`` [N]."""
    import gzip
    import zlib

    import numpy as np

    try:
        with gzip.open(files[0], "rt") as stream:
            table = np.loadtxt(stream, delimiter=",", dtype=np.int32)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(f"{files[0]}: torn or unreadable: {error}") from None
    if table.shape != (EXAMPLES, 8 * 8 + 1) or not 0 <= table.min() <= table.max() <= HIGHEST_PIXEL:
        raise DataError(
            f"{files[0]}: wants {EXAMPLES} rows of 64 pixels from 0 to {HIGHEST_PIXEL} and a "
            f"label, got {list(table.shape)}; scikit-learn has changed it"
        )
    return {"x": table[:, :-1].astype(np.uint8).reshape(-1, 8, 8), "y": table[:, -1]}


DIGITS = Digits()
