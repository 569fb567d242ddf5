"""Save and restore all variables as arrays: no pickle, no code, every seed generator's state."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablations.study.files import write_atomically

STATE = "state.npz"


def save(directory: Path, state: Mapping[str, NDArray[Any]]) -> None:
    """Write the state into ``directory``, atomically."""
    directory.mkdir(exist_ok=True)
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **state)
    write_atomically(directory / STATE, content.getvalue())


def load(directory: Path) -> dict[str, NDArray[Any]]:
    """Read back what ``save`` wrote."""
    with np.load(directory / STATE, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
