"""What the epochs of a run have shown so far: plain data, which its checkpoint holds too."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any


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
    stages: list[dict[str, Any]] = field(default_factory=list)
    """A ``StageRecord`` of each stage begun, as plain data."""
    history: list[dict[str, float]] = field(default_factory=list)
    """The epochs of the recipe's own task."""

    def begin(self, stage: str) -> None:
        """Begin a stage."""
        self.stopped = False
        zero = {"epochs": 0, "updates": 0, "seconds": 0.0}
        self.stages.append({"name": stage, **zero, "losses": {}})

    def count(self, updates: int, seconds: float) -> None:
        """Count one epoch."""
        self.epochs += 1
        self.updates += updates
        self.stages[-1]["epochs"] += 1
        self.stages[-1]["updates"] += updates
        self.took(seconds)

    def took(self, seconds: float) -> None:
        """Count time of the current stage."""
        self.train_seconds += seconds
        self.stages[-1]["seconds"] += seconds

    def take_losses(self, train: float, validation: float) -> None:
        """Keep the losses of the current stage's last epoch, where they are finite."""
        losses = {"train": train, "validation": validation}
        finite = {name: loss for name, loss in losses.items() if math.isfinite(loss)}
        self.stages[-1]["losses"] = finite

    def diverged(self, reason: str) -> None:
        """Take in that the training has left the finite."""
        self.reason = f"{reason} (epoch {self.epochs})"

    def column(self, name: str) -> list[float]:
        """Return the finite values of one metric, epoch by epoch."""
        return [epoch[name] for epoch in self.history if math.isfinite(epoch.get(name, math.nan))]

    def best_epoch(self) -> int | None:
        """Return the first epoch with the best validation accuracy, if there is one."""
        found = [e for e in self.history if math.isfinite(e.get("validation_accuracy", math.nan))]
        best = max(found, key=lambda epoch: epoch["validation_accuracy"], default=None)
        return None if best is None else int(best["epoch"])

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
