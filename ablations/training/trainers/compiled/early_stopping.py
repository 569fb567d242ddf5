"""The callback of early stopping; the best weights stay in memory until they are restored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from ablations.study.families import EarlyStopping
from ablations.techniques.plateau import Plateau, error_of
from ablations.training.checkpoint import Arrays, UnusableError
from ablations.training.trainers.compiled.program import Program


class EarlyStoppingCallback:
    """Keras's ``EarlyStopping`` with ``restore_best_weights=True``.

    Unlike there, the best weights are restored whether or not the training stopped early.
    ``plateau`` and ``best_weights`` are its whole state.
    """

    def __init__(self, technique: EarlyStopping, epochs: int) -> None:
        self.technique, self.epochs = technique, epochs
        self.plateau = Plateau()
        self.best_weights: list[NDArray[Any]] = []

    @property
    def best_epoch(self) -> int:
        """The epoch, from 1, of the best monitored value; 0 before the first."""
        return self.plateau.best_epoch

    def on_epoch_end(self, epoch: int, metrics: Mapping[str, float], program: Program) -> bool:
        """Keep the weights if ``epoch`` (from 1) is the best so far; return whether to stop."""
        technique = self.technique
        if not technique.monitors(epoch, self.epochs):
            return False
        error = error_of(metrics, technique.monitor)
        self.plateau = self.plateau.see(error, epoch, technique.min_delta)
        if self.best_epoch == epoch:
            self.best_weights = [weight.numpy() for weight in program.weights]
        return technique.stops(self.best_epoch, epoch)

    def restore_best_weights(self, program: Program) -> None:
        """Assign the best weights to the model and to the average of its weights."""
        for weight, best in zip(program.weights, self.best_weights, strict=True):
            weight.assign(best)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the best weights by number, for a checkpoint."""
        return {str(number): weight for number, weight in enumerate(self.best_weights)}

    def restore(self, plateau: Mapping[str, float], arrays: Arrays, program: Program) -> None:
        """Restore the state of a checkpoint.

        Raises:
            UnusableError: it does not fit the program; nothing was changed.
        """
        shapes = [tuple(weight.shape) for weight in program.weights]
        try:
            restored = Plateau.from_dict(plateau)
            best = [arrays[str(number)] for number in range(len(arrays))]
        except (KeyError, ValueError, OverflowError) as error:
            raise UnusableError(f"the state of early stopping lacks {error}") from None
        if [weight.shape for weight in best] != (shapes if restored.best_epoch else []):
            raise UnusableError("it is of another architecture: the best weights do not fit")
        self.plateau, self.best_weights = restored, best
