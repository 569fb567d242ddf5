"""The protocol of a trainer: ``training/run.py`` drives one, whatever it trains with.

``run.py`` owns the run's directory: its fingerprint, checkpoint file, metrics, events and result.
A trainer owns the model and the data, reports each epoch as a record, and hands out its state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ablations.telemetry.histograms import Buckets
from ablations.training.checkpoint import Arrays
from ablations.training.epoch_record import EpochRecord
from ablations.training.training_state import Progress, TrainingState

EpochEnd = Callable[[EpochRecord], None]
"""The callback at the end of each epoch, once the trainer's state stands after it."""


@dataclass(frozen=True)
class Overview:
    """What TensorBoard shows of a network before its first epoch."""

    histograms: Mapping[str, Buckets]
    """Tag → buckets [K, 3] of the initial weights and their activations."""
    graph: bytes
    """The model as a serialized ``GraphDef``."""


@dataclass(frozen=True)
class FinalScores:
    """What a finished training is worth."""

    metrics: Mapping[str, float]
    """The final metrics that are computed after the last epoch."""
    correct: NDArray[np.bool_] | None = None
    """Which of the N test examples are classified correctly, [N], in the order of the test split;
    None where there is no right or wrong, or nothing was tested."""


class Trainer(Protocol):
    """Trains one run: ``start`` or ``restore``, then ``train``, then ``test``."""

    @property
    def progress(self) -> Progress:
        """How far the training has come."""

    @property
    def epochs(self) -> int:
        """How many epochs the training has if nothing ends it early."""

    @property
    def parameters(self) -> int:
        """Trainable numbers of the model."""

    @property
    def best_epoch(self) -> int | None:
        """The epoch, from 1, whose weights are tested under early stopping.

        Else the first one with the best validation accuracy; None where there is none.
        """

    def environment(self) -> Mapping[str, Any]:
        """Return what a result depends on besides its recipe: versions, device, threads."""

    def start(self, progress: Progress, learned: Arrays) -> None:
        """Initialize the model as recipe and seed say, after the stages that ``progress`` counts.

        ``learned`` is what they learned, weights by name; empty before the first.
        """

    def restore(self, state: TrainingState, arrays: Arrays) -> None:
        """Continue from what ``state`` and ``arrays`` returned in an earlier process.

        Raises:
            UnusableError: they do not fit this recipe; ``start`` can still be called.
        """

    def overview(self) -> Overview:
        """Return what is shown before the first epoch."""

    def train(self, on_epoch_end: EpochEnd) -> None:
        """Train what is left, until the last epoch, early stopping or divergence."""

    def state(self) -> TrainingState:
        """Return everything that a checkpoint holds beside arrays."""

    def arrays(self) -> Arrays:
        """Return everything of a checkpoint that is an array."""

    def variables(self) -> Arrays:
        """Return the variables to keep of a finished run."""

    def trained_weights(self) -> list[NDArray[Any]]:
        """Return the trainable weights, in the model's order, by which two runs are told apart."""

    def validate(self) -> FinalScores:
        """Return the final metrics of a trial of a search, without a look at the test split."""

    def test(self) -> FinalScores:
        """Return the final metrics that are computed after the last epoch.

        The test split is read here and nowhere else, once.
        """
