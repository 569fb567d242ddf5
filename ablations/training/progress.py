"""What the epochs of a run have shown so far: plain data, which its checkpoint holds too."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass
class Progress:
    """The host's side of a training: everything that is no variable of the program."""

    epochs: int = 0
    updates: int = 0
    reason: str = ""
    """Why the training diverged."""
    stopped: bool = False
    """Whether it stopped early."""
    notes: list[str] = field(default_factory=list)
    compile_seconds: float = 0.0
    train_seconds: float = 0.0
    seconds: float = 0.0
    """What earlier processes spent on the run, up to the checkpoint that this one goes on from."""
    history: list[dict[str, float]] = field(default_factory=list)

    def column(self, name: str) -> list[float]:
        """Return the finite values of one metric, epoch by epoch."""
        return [epoch[name] for epoch in self.history if math.isfinite(epoch.get(name, math.nan))]

    def metrics(self) -> dict[str, float]:
        """Return what the history adds to a run's metrics."""
        found = {
            "validation_accuracy_best": max(self.column("validation_accuracy"), default=math.nan),
            "validation_accuracy_last": _last(self.column("validation_accuracy")),
            "validation_loss_best": min(self.column("validation_loss"), default=math.nan),
            "train_loss_last": _last(self.column("train_loss")),
            "dead_unit_share": _last(self.column("dead_unit_share")),
        }
        return {name: value for name, value in found.items() if math.isfinite(value)}


def _last(values: list[float]) -> float:
    return values[-1] if values else math.nan
