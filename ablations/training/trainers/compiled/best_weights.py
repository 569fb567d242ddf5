"""The weights of the best epoch, kept in memory until they are tested."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from ablations.study.families import EarlyStopping
from ablations.techniques.plateau import Plateau, error_of
from ablations.training.trainers.compiled.program import Program


class BestWeights:
    """Early stopping at work; ``plateau`` and ``weights`` are all that a resume needs."""

    def __init__(self, stopping: EarlyStopping, epochs: int) -> None:
        self.stopping, self.epochs = stopping, epochs
        self.plateau = Plateau()
        self.weights: list[NDArray[Any]] = []

    def look(self, epoch: int, values: dict[str, float], program: Program) -> bool:
        """Keep the weights if they are the best so far; return whether to stop."""
        if not self.stopping.monitors(epoch, self.epochs):
            return False
        error = error_of(values, self.stopping.monitor)
        self.plateau = self.plateau.see(error, epoch, self.stopping.min_delta)
        if self.plateau.best_epoch == epoch:
            self.weights = [weight.numpy() for weight in program.weights]
        return self.stopping.stops(self.plateau.best_epoch, epoch)

    def restore(self, program: Program) -> None:
        """Give the model and its average the best weights back."""
        for weight, best in zip(program.weights, self.weights, strict=True):
            weight.assign(best)
