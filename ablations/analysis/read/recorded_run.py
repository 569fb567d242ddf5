"""A run of the comparison whose result could be read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ablations.analysis.read.layers import LayerHistory, read_layers
from ablations.ledger.records import Epoch, Result, read_correct, read_history
from ablations.ledger.standing import Standing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class RecordedRun:
    """A run of the comparison whose result could be read."""

    standing: Standing
    result: Result
    declared: bool = True
    """Whether the study declares its seed, and its arm had not left before it."""
    same_data: bool = True
    """Whether it learned from the bytes that most runs with its data settings learned from."""
    same_code: bool = True
    """Whether it was made of the user's own files as the control's runs were."""

    @property
    def arm(self) -> str:
        """The arm whose directory holds the result."""
        return self.standing.run.arm

    @property
    def seed(self) -> int:
        """The seed whose directory holds the result."""
        return self.standing.run.seed

    @property
    def current(self) -> bool:
        """Whether the result is of the study as it stands, whatever became of the run."""
        return self.standing.cause is None

    @property
    def counts(self) -> bool:
        """Whether the run is a result of the study as it stands: completed or diverged."""
        same = self.same_data and self.same_code
        return self.declared and same and self.standing.finished

    def value(self, metric: str) -> float | None:
        """Return the run's ``metric``; None where it has none that is finite."""
        return self.result.value(metric)

    def history(self) -> list[Epoch]:
        """Read the run's epochs, up to the first that is damaged."""
        return list(self._history)

    @cached_property
    def _history(self) -> list[Epoch]:
        return read_history(self.standing.directory.metrics)

    def layers(self) -> LayerHistory:
        """Read the diagnostics of the run's layers, up to the first epoch that is damaged."""
        return self._layers

    @cached_property
    def _layers(self) -> LayerHistory:
        return read_layers(self.standing.directory.layers)

    @property
    def damage(self) -> str:
        """What is lost of the run's curve; empty where nothing is, or where it has none."""
        if not self.standing.directory.metrics.exists():
            return ""
        found, epochs = len(self._history), self.result.epochs
        if found >= epochs:
            return ""
        return f"{found} of the {epochs} epochs of its curve can be read; its final metrics count"

    def correct(self) -> NDArray[np.bool_] | None:
        """Read which test examples the run classified correctly; None where it keeps none."""
        return read_correct(self.standing.directory.correct, self.result)
