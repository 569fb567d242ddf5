"""Early stopping: when to give up waiting for a better validation metric."""

from __future__ import annotations

from typing import Literal

from ablations.study.technique import Count, Family, NonNegative, Technique
from ablations.techniques.plateau import Monitor, Plateau


class EarlyStopping(Technique):
    """Stop after ``patience_epochs`` without a new best, and test the best weights.

    The metric is looked at after every ``every_epochs`` epochs and after the last one.  Without a
    stop, too, the best weights seen are restored before the test.
    """

    name: Literal["patience"] = "patience"
    patience_epochs: Count = 10
    monitor: Monitor = "validation_loss"
    min_delta: NonNegative = 0.0
    """By how much a value must beat the best to count."""
    every_epochs: Count = 1

    def looks(self, epoch: int, epochs: int) -> bool:
        """Whether the metric is looked at after ``epoch`` (from 1) of ``epochs``."""
        return epoch % self.every_epochs == 0 or epoch == epochs

    def stops(self, plateau: Plateau, epoch: int) -> bool:
        """Whether the patience is spent after ``epoch``."""
        return epoch - plateau.best_epoch >= self.patience_epochs


STOPPINGS = Family("early stopping", (EarlyStopping,))
