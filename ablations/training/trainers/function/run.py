"""What a training function is called with."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from pathlib import Path
from typing import Any, SupportsIndex

from ablations.errors import suggest
from ablations.ledger.lines import MOST_STEP, STEP, TAKEN
from ablations.ledger.paths import RunDirectory
from ablations.ledger.records import append_epoch
from ablations.study.frozen import show
from ablations.telemetry.run_events import RunEvents
from ablations.training.trainers.function.checkpoint import FunctionCheckpoint
from ablations.training.trainers.function.watch import Watched
from ablations.training.trainers.program.final_metrics import number_in


class Settings(dict[str, Any]):
    """The free settings of a run, by name."""

    def __missing__(self, name: str) -> Any:
        raise KeyError(f'no setting "{name}"; {suggest(name, self)}')


class Run:
    """One run, for a function that trains it and returns its final metrics as a mapping.

    def train(run):
        for step in range(run.settings["steps"]):
            ...
            run.log(step, loss=loss)
        return {"error": error}
    """

    settings: Mapping[str, Any]
    """The study's ``settings``, as the arm has them."""
    seed: int
    """The replicate; the same for every arm, so draw everything from it."""
    directory: Path
    """The run's own directory, absolute; files may be left in it."""
    checkpoint: FunctionCheckpoint
    """``save`` and ``restore``, so that a run that was killed goes on."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        seed: int,
        directory: RunDirectory,
        checkpoint: FunctionCheckpoint,
        events: RunEvents,
    ) -> None:
        self.settings, self.seed, self.checkpoint = Settings(settings), seed, checkpoint
        self.directory = directory.path
        self._metrics, self._events = directory.metrics, events
        self._watched: list[Watched] = []

    def log(self, step: SupportsIndex, /, **scalars: Any) -> None:
        """Record numbers at a step: in ``metrics.jsonl``, TensorBoard and the report's curves.

        A name of ours (``train_loss``, ``validation_accuracy``) goes to the card of its own; one
        with a slash names its group of cards, ``run.log(3, **{"valid/auc": 0.9})``; all others
        are in the group ``curves``.

        Raises:
            TypeError: the step is no whole number, or a value is no number; names it.
        """
        number = _whole(step)
        if abs(number) > MOST_STEP:
            raise ValueError(f"run.log: step {number}: wants at most {MOST_STEP}")
        numbers = {name: _number(name, value) for name, value in scalars.items()}
        append_epoch(self._metrics, {STEP: number, **numbers})
        self._events.write_own(number, numbers)
        for watched in self._watched:
            if histograms := watched.histograms():
                self._events.write_histograms(number, histograms)

    def watch(self, model: Any, every: int = 1) -> None:
        """Record histograms of a model's weights at every so many calls of ``log``.

        ``model`` is a Keras model, or one of PyTorch, whose gradients, those of the last
        ``backward()``, are recorded too.  Nothing is drawn and no weight is touched.
        """
        self._watched.append(Watched(model, every))


def _whole(step: SupportsIndex) -> int:
    try:
        return operator.index(step)
    except TypeError:
        message = f"run.log: step: expected a whole number, got {show(step)}"
        raise TypeError(message) from None


def _number(name: str, value: Any) -> float:
    if name in TAKEN:
        raise TypeError(f'run.log: "{name}" names the step already; wants another name')
    number = number_in(value)
    if number is None:
        raise TypeError(f"run.log: {name}: wants a number, got {type(value).__name__}")
    return number
