"""Where data sets lie on this machine, found without reading them or importing NumPy."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from ablations.errors import DataError

DIRECTORY_VARIABLE = "ABLATIONS_DATA"
PARTS = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_KERAS_NAMES = {"mnist": "mnist", "fashion_mnist": "fashion-mnist"}


def find_files(name: str, directory: Path | None) -> list[Path] | None:
    """Return the files of a data set in a fixed order, or None if they are not on this machine.

    They are looked for in ``directory``/name, then in ``$ABLATIONS_DATA``/name, then where Keras
    keeps what it has downloaded.
    """
    chosen = directory or os.environ.get(DIRECTORY_VARIABLE)
    if chosen:
        found = _parts(Path(chosen) / name)
        if found:
            return found
    if name == "mnist":
        archive = keras_cache() / "mnist.npz"
        return [archive] if archive.is_file() else None
    return _parts(keras_cache() / _KERAS_NAMES[name])


def keras_cache() -> Path:
    """Return the directory where Keras keeps data sets."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets"


def _parts(directory: Path) -> list[Path] | None:
    found = []
    for part in PARTS:
        candidates = (directory / f"{part}.gz", directory / part)
        path = next((path for path in candidates if path.is_file()), None)
        if path is None:
            return None
        found.append(path)
    return found


def download(name: str, directory: Path | None) -> None:
    """Let Keras download a data set into its cache, in a process of its own.

    Raises:
        DataError: it could not; says which files to put where.
    """
    program = f"import keras; keras.datasets.{name}.load_data()"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2]
        raise missing(name, directory, f"; the download failed ({reason})")


def missing(name: str, directory: Path | None, why: str = "") -> DataError:
    """Return the error that says which files to put where."""
    where = directory or os.environ.get(DIRECTORY_VARIABLE) or f"${DIRECTORY_VARIABLE}"
    return DataError(
        f"data set {name}: not on this machine{why}. Put {', '.join(PARTS)} (.gz or not) into "
        f"{Path(where) / name}/, or name the directory above it with --data DIR"
    )


def digits_file() -> Path:
    """Return the bundled file."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise DataError("data set digits: wants the package scikit-learn, which bundles it")
    return Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
