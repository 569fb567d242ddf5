"""The tables of numbers that scikit-learn bundles: ``wine``, ``breast_cancer``, ``diabetes``.

The first two are as they were measured, each feature in its own unit.  Those of ``diabetes`` are
as ``load_diabetes`` gives them: of mean 0, and of sum of squares 1 over all examples.
"""

from __future__ import annotations

import zlib
from pathlib import Path

from ablations.data.bundled import Bundled
from ablations.data.source import Arrays
from ablations.errors import DataError
from ablations.study.tasks import REGRESSION

_UNREADABLE = (OSError, EOFError, ValueError, zlib.error)


class ClassTable(Bundled):
    """Features [N, D] and classes [N] in one table, below a line that says what it holds."""

    def __init__(
        self, name: str, description: str, sizes: tuple[int, int, int], test_examples: int
    ) -> None:
        """``sizes`` are those of the examples, of one example, and of the classes."""
        self.name, self.description, self.test_examples = name, description, test_examples
        self.examples, features, self.outputs = sizes
        self.shape = (features,)
        self.bundled = (f"{name}.csv" if name != "wine" else "wine_data.csv",)

    def arrays(self, files: tuple[Path, ...]) -> Arrays:
        """Return features ``x`` [N, D] in float32 and labels ``y`` [N]."""
        import numpy as np

        try:
            table = np.loadtxt(files[0], delimiter=",", skiprows=1)
        except _UNREADABLE as error:
            raise DataError(f"{files[0]}: torn or unreadable: {error}") from None
        labels = table[:, -1] if table.ndim == 2 else table
        fits = table.shape == (self.examples, self.shape[0] + 1)
        if not fits or set(np.unique(labels)) != set(range(self.outputs)):
            raise _changed(files[0], self.examples, f"{self.shape[0]} numbers and a class", table)
        return {"x": table[:, :-1].astype(np.float32), "y": labels.astype(np.int32)}


class Diabetes(Bundled):
    """The data set ``diabetes``."""

    name = "diabetes"
    description = (
        "Ten measures of 442 patients and how far their diabetes went on in a year, a number from "
        "25 to 346; bundled with scikit-learn (Efron et al. 2004)."
    )
    task = REGRESSION
    bundled = ("diabetes_data_raw.csv.gz", "diabetes_target.csv.gz")
    shape = (10,)
    outputs = 1
    examples = 442
    test_examples = 88

    def arrays(self, files: tuple[Path, ...]) -> Arrays:
        """Return features ``x`` [N, 10], standardized, and targets ``y`` [N, 1], in float32."""
        import gzip

        import numpy as np

        tables = []
        for file in files:
            try:
                with gzip.open(file, "rt") as stream:
                    tables.append(np.loadtxt(stream, ndmin=2))
            except _UNREADABLE as error:
                raise DataError(f"{file}: torn or unreadable: {error}") from None
        raw, targets = tables
        if raw.shape != (self.examples, *self.shape) or targets.shape != (self.examples, 1):
            raise _changed(files[0], self.examples, "10 numbers and a target", raw)
        centred = raw - raw.mean(axis=0)
        features = centred / np.sqrt((centred**2).sum(axis=0))
        return {"x": features.astype(np.float32), "y": targets.astype(np.float32)}


def _changed(file: Path, rows: int, of: str, table: object) -> DataError:
    shape = list(getattr(table, "shape", ()))
    return DataError(f"{file}: wants {rows} rows of {of}, got {shape}; scikit-learn has changed it")


WINE = ClassTable(
    "wine",
    "Thirteen measures of 178 Italian wines of three cultivars, bundled with scikit-learn (Forina "
    "et al. 1988).",
    sizes=(178, 13, 3),
    test_examples=36,
)
BREAST_CANCER = ClassTable(
    "breast_cancer",
    "Thirty measures of 569 tumours, malignant (0) or benign (1), bundled with scikit-learn "
    "(Street et al. 1993).",
    sizes=(569, 30, 2),
    test_examples=114,
)
DIABETES = Diabetes()
