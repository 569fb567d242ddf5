"""How long a validation metric has gone without a new best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from ablations.study.families import Monitor
from ablations.study.metrics import epoch_metric


def error_of(values: Mapping[str, float], monitor: Monitor) -> float:
    """Return what should fall: the validation loss, or the share of wrong answers."""
    value, metric = values[monitor], epoch_metric(monitor)
    return 1.0 - value if metric and metric.better == "higher" else value


@dataclass(frozen=True)
class Plateau:
    """The least error so far; plain numbers, finite once an epoch was seen."""

    best: float = math.inf
    best_epoch: int = 0

    def see(self, error: float, epoch: int, min_delta: float) -> Plateau:
        """Take in the error after ``epoch`` (from 1); it counts if it beats the best by more."""
        return (
            replace(self, best=error, best_epoch=epoch) if error < self.best - min_delta else self
        )

    def to_dict(self) -> dict[str, float]:
        """Return plain data for a checkpoint."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, float]) -> Plateau:
        """Read back what ``to_dict`` gave; other keys are left alone."""
        return cls(data["best"], int(data["best_epoch"]))
