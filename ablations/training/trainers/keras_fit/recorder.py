"""The callback that stands last among a user's: it records epochs, and finds divergence."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from ablations.study.recipe import TelemetryRecipe
from ablations.study.scores import better_of
from ablations.telemetry import tags
from ablations.telemetry.histograms import Buckets, buckets_of, log10_buckets
from ablations.training.epoch_record import EpochRecord
from ablations.training.trainers.keras_fit.data import EpochClock
from ablations.training.trainers.keras_fit.gradients import GradientTap, kernel_name

TRAIN, VALIDATION, TEST = "train", "validation", "test"


class Recorder(keras.callbacks.Callback):  # type: ignore[misc]
    """Makes a record of each epoch of ``fit``."""

    def __init__(
        self,
        telemetry: TelemetryRecipe,
        epochs: int,
        updates: int,
        clock: EpochClock,
        on_epoch_end: Callable[[EpochRecord], None],
    ) -> None:
        """``updates`` were done before."""
        super().__init__()
        self._telemetry, self._epochs, self._clock = telemetry, epochs, clock
        self._on_record = on_epoch_end
        self._updates, self._steps, self._sampled = updates, 0, frozenset[int]()
        self._tap: GradientTap | None = None
        self._started = self._testing = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        """Stand before the optimizer, in a train step that is traced after this."""
        if self._telemetry.records and isinstance(self.model.optimizer, keras.optimizers.Optimizer):
            self._tap = GradientTap(self.model.optimizer, self.model)
            self.model.make_train_function(force=True)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Let the data know which epoch it is, and choose the steps whose gradients are counted."""
        self._clock.epoch = epoch + 1
        self._started, self._testing, done = time.perf_counter(), 0.0, self._steps
        samples = min(self._telemetry.gradient_samples_per_epoch, done or 1)
        chosen = np.linspace(0, max(done - 1, 0), samples).astype(int).tolist()
        due = self._telemetry.records and (
            self._telemetry.due(epoch + 1, self._epochs, done) if done else True
        )
        self._sampled, self._steps = frozenset(chosen if due else ()), 0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Open the tap at the chosen steps."""
        self._first = batch
        if self._tap and batch in self._sampled:
            self._tap.open()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Count steps, several where ``fit`` executes several at once."""
        self._steps += batch - self._first + 1
        self._updates += batch - self._first + 1
        if self._tap and self._first in self._sampled:
            self._tap.close()

    def on_test_begin(self, logs: Any = None) -> None:
        """Note when validation begins, whose time is not that of the steps."""
        self._test_started = time.perf_counter()

    def on_test_end(self, logs: Any = None) -> None:
        """Count the time of validation."""
        self._testing += time.perf_counter() - self._test_started

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the epoch; end the training where its loss is not finite."""
        values = {name: _number(value) for name, value in (logs or {}).items()}
        measured = {metric_name(name): v for name, v in values.items() if v is not None}
        divergence = _divergence(values, epoch + 1)
        rate = _number(getattr(self.model.optimizer, "learning_rate", None))
        seconds = time.perf_counter() - self._started - self._testing
        extra = {} if rate is None else {"learning_rate": rate}
        record = EpochRecord(
            epoch + 1,
            self._updates,
            {**measured, **extra, "seconds": seconds},
            self._histograms(),
            divergence=divergence,
            stopped_early=bool(self.model.stop_training),
        )
        if divergence:
            self.model.stop_training = True
        self._on_record(record)

    def _histograms(self) -> dict[str, Buckets]:
        if not (self._tap and self._sampled):
            return {}
        found = {tags.gradient_histogram(n): log10_buckets(c) for n, c in self._tap.take().items()}
        for variable in self.model.trainable_variables:
            if len(variable.shape) > 1:
                name = tags.weight_histogram(kernel_name(variable))
                found[name] = buckets_of(np.asarray(variable))
        return found


def metric_name(log: str) -> str:
    """Return what one of Keras's logs is called here: ``val_loss`` is ``validation_loss``."""
    held_out = log.startswith("val_")
    return f"{VALIDATION}_{log.removeprefix('val_')}" if held_out else f"{TRAIN}_{log}"


def _divergence(values: Mapping[str, float | None], epoch: int) -> str:
    """Return which loss of the training is not finite; empty where each is."""
    for name, value in values.items():
        loss = name.endswith("loss") and not name.startswith("val_")
        if loss and value is not None and not math.isfinite(value):
            return f"{metric_name(name)} is {value:g} in epoch {epoch}"
    return ""


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def last_and_best(history: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return ``validation_<metric>_last`` and ``_best``, where it is known which is better."""
    found: dict[str, float] = {}
    for name in dict.fromkeys(name for line in history for name in line):
        if name.startswith(f"{VALIDATION}_"):
            logged = [line[name] for line in history if name in line]
            curve = [value for value in logged if math.isfinite(value)]
            better = better_of(name)
            found[f"{name}_last"] = logged[-1]
            if curve and better is not None:
                found[f"{name}_best"] = max(curve) if better == "higher" else min(curve)
    return found
