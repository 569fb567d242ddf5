"""Early stopping: when to stop waiting for a better validation metric."""

from __future__ import annotations

from typing import Literal

from ablations.study.families import EarlyStopping
from ablations.study.technique import Family


class Patience(EarlyStopping):
    """Stop after ``patience_epochs`` without a new best, and test the best weights.

    The metric is compared after every ``every_epochs`` epochs and after the last one.  Without a
    stop, too, the best weights seen are restored before the test.
    """

    name: Literal["patience"] = "patience"

    def monitors(self, epoch: int, epochs: int) -> bool:
        return epoch % self.every_epochs == 0 or epoch == epochs

    def stops(self, best_epoch: int, epoch: int) -> bool:
        return epoch - best_epoch >= self.patience_epochs


STOPPINGS = Family(EarlyStopping, (Patience,), default="patience")
