"""What a user's function saves of its own, and finds again where its process was killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablations.training.checkpoint import UnusableError
from ablations.training.resume import CheckpointManager

BYTES = "bytes/"
"""What stands before the name of a value that is bytes."""
Saved = dict[str, Any]
"""Name → array, number, text or bytes."""


class FunctionCheckpoint:
    """The ``run.checkpoint`` of a training function."""

    def __init__(
        self, manager: CheckpointManager, steps: Callable[[], int], seconds: float
    ) -> None:
        """``steps`` returns the last step that was logged; ``seconds`` were spent before."""
        self._manager, self._steps = manager, steps
        self._path = manager.directory.resume
        self._before, self._began = seconds, time.perf_counter()
        self.asked = False
        """Whether the function has asked for what was saved."""

    def save(self, values: Mapping[str, Any] | None = None, /, **named: Any) -> None:
        """Save arrays, numbers, texts and bytes by name, in place of what was saved before.

        They are on the disk when this returns.  Anything that NumPy makes an array of numbers of
        is an array; what else a framework saves goes in as bytes.

            run.checkpoint.save(step=step, weights=weights)

        Raises:
            TypeError: a value is none of these; names it.
        """
        arrays = dict(_array(name, value) for name, value in {**(values or {}), **named}.items())
        seconds = self._before + time.perf_counter() - self._began
        self._manager.write(self._path, self._steps(), {"seconds": seconds}, arrays)

    def restore(self) -> Saved | None:
        """Return what was saved last, as it was given; None where this run has saved nothing.

        Metrics that were logged after that are gone, so that each step is logged once.
        """
        self.asked = True
        try:
            found = self._manager.read(self._path)
        except UnusableError:
            return None
        return None if found is None else dict(map(_value, found[1].items()))


def _array(name: str, value: Any) -> tuple[str, NDArray[Any]]:
    if isinstance(value, bytes):
        return f"{BYTES}{name}", np.frombuffer(value, np.uint8)
    array = np.asarray(value)
    if array.dtype.hasobject:
        wanted = "wants an array, a number, text (a generator's state: json.dumps(…)) or bytes"
        raise TypeError(f"run.checkpoint.save: {name}: {wanted}, got {type(value).__name__}")
    return name, array


def _value(item: tuple[str, NDArray[Any]]) -> tuple[str, Any]:
    name, array = item
    if name.startswith(BYTES):
        return name.removeprefix(BYTES), array.tobytes()
    return name, array if array.ndim else array.item()
