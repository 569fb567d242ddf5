"""The directories that hold data sets, and the download into Keras's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

DIRECTORY_VARIABLE = "ABLATIONS_DATA"


def chosen_directory(directory: Path | None) -> Path | None:
    """Return ``directory``, else ``$ABLATIONS_DATA``, else None."""
    chosen = directory or os.environ.get(DIRECTORY_VARIABLE)
    return Path(chosen) if chosen else None


def keras_cache() -> Path:
    """Return the directory where Keras keeps the data sets that it has downloaded."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets"


def download_by_keras(name: str) -> str | None:
    """Call ``keras.datasets.<name>.load_data`` in a process of its own; return why it failed."""
    program = f"import keras; keras.datasets.{name}.load_data()"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    return done.stderr.strip().rpartition("\n")[2] if done.returncode else None
