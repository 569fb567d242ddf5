"""The handwritten digits that scikit-learn bundles: 1,797 images of 8 × 8, values 0 to 16."""

from __future__ import annotations

from pathlib import Path

from ablations.data.bundled import Bundled
from ablations.data.source import Arrays
from ablations.errors import DataError

HIGHEST_PIXEL = 16


class Digits(Bundled):
    """The data set ``digits``."""

    name = "digits"
    description = "Handwritten digits, bundled with scikit-learn (Alpaydin and Kaynak 1998)."
    bundled = ("digits.csv.gz",)
    shape = (8, 8)
    outputs = 10
    examples = 1_797
    test_examples = 360
    scale = 1 / HIGHEST_PIXEL

    def arrays(self, files: tuple[Path, ...]) -> Arrays:
        """Return images ``x`` [N, 8, 8] in uint8 and labels ``y`` [N]."""
        import gzip
        import zlib

        import numpy as np

        try:
            with gzip.open(files[0], "rt") as stream:
                table = np.loadtxt(stream, delimiter=",", dtype=np.int32)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise DataError(f"{files[0]}: torn or unreadable: {error}") from None
        columns = (self.examples, 8 * 8 + 1)
        if table.shape != columns or not 0 <= table.min() <= table.max() <= HIGHEST_PIXEL:
            raise DataError(
                f"{files[0]}: wants {self.examples} rows of 64 pixels from 0 to {HIGHEST_PIXEL} "
                f"and a label, got {list(table.shape)}; scikit-learn has changed it"
            )
        return {"x": table[:, :-1].astype(np.uint8).reshape(-1, 8, 8), "y": table[:, -1]}


DIGITS = Digits()
