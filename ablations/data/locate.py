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
MATLAB_FILE = "mnist-original.mat"
BATCHES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")
_BATCH_FOLDER = "cifar-10-batches-py"
_KERAS_FOLDERS = {"fashion_mnist": "fashion-mnist", "cifar10": f"{_BATCH_FOLDER}-target"}
_WANTED = {
    "mnist": f"{', '.join(PARTS)} (.gz or not), or mnist.npz, or {MATLAB_FILE},",
    "fashion_mnist": f"{', '.join(PARTS)} (.gz or not), or fashion_mnist.npz,",
    "cifar10": f"the folder {_BATCH_FOLDER}, or cifar10.npz,",
}


def find_files(name: str, directory: Path | None) -> list[Path] | None:
    """Return the files of a data set in a fixed order, or None if they are not on this machine.

    They are looked for in ``directory``/name, then in ``$ABLATIONS_DATA``/name, then where Keras
    keeps what it has downloaded.
    """
    chosen = directory or os.environ.get(DIRECTORY_VARIABLE)
    found = _in_folder(name, Path(chosen) / name) if chosen else None
    if found:
        return found
    if name == "mnist":
        return _one(keras_cache() / "mnist.npz")
    return _in_folder(name, keras_cache() / _KERAS_FOLDERS[name])


def _in_folder(name: str, folder: Path) -> list[Path] | None:
    if name == "cifar10":
        batches = [folder / _BATCH_FOLDER / batch for batch in BATCHES]
        found = batches if all(path.is_file() for path in batches) else None
    else:
        found = _parts(folder)
    found = found or _one(folder / f"{name}.npz")
    return found or (_one(folder / MATLAB_FILE) if name == "mnist" else None)


def own_file(name: str, directory: Path | None) -> list[Path] | None:
    """Return the file that a name such as ``npz:PATH`` holds, from the working directory on."""
    return _one(Path(name.partition(":")[2]))


def _one(path: Path) -> list[Path] | None:
    return [path] if path.is_file() else None


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
    if name not in _WANTED:
        return DataError(f"data set {name}: no such file from {Path.cwd()} on")
    where = directory or os.environ.get(DIRECTORY_VARIABLE) or f"${DIRECTORY_VARIABLE}"
    return DataError(
        f"data set {name}: not on this machine{why}. Put {_WANTED[name]} into "
        f"{Path(where) / name}/, or name the directory above it with --data DIR"
    )


def digits_file() -> Path:
    """Return the bundled file."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise DataError("data set digits: wants the package scikit-learn, which bundles it")
    return Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
