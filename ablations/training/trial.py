"""Train one run, from its recipe to its ``result.json``."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ablations.data import catalog as data_catalog
from ablations.data.dataset import Dataset
from ablations.data.split import check_sizes, epoch_order, split
from ablations.study.expand import Run
from ablations.study.files import write_atomically
from ablations.study.fingerprint import fingerprint
from ablations.study.paths import RunDirectory
from ablations.study.records import Result, append_epoch
from ablations.study.streams import Stream, integer_seed
from ablations.study.yaml_writer import to_yaml
from ablations.telemetry import hparams, tags
from ablations.telemetry.events import EventWriter, Value, finite_scalars, histogram, scalar
from ablations.telemetry.histograms import log10_buckets
from ablations.training import checkpoint, runtime
from ablations.training.best_weights import BestWeights
from ablations.training.evaluation import Split
from ablations.training.loop import EpochTrace
from ablations.training.observe import PROBE_EXAMPLES
from ablations.training.program import Program, Programs
from ablations.training.rates import LearningRates


@dataclass(frozen=True)
class Trial:
    """What one training needs; the directory is empty and nobody else's."""

    run: Run
    directory: RunDirectory
    settings: Mapping[str, str | float | bool]
    """The ablated settings, for the HParams dashboard."""
    data_directory: Path | None = None


def train(trial: Trial, programs: Programs) -> Result:
    """Train, log and write the result; return it."""
    return _Training(trial, programs).run()


@dataclass
class _Progress:
    """What the epochs so far have shown."""

    epochs: int = 0
    updates: int = 0
    reason: str = ""
    """Why the training diverged."""
    stopped: bool = False
    """Whether it stopped early."""
    train_seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)

    def column(self, name: str) -> list[float]:
        return [epoch[name] for epoch in self.history if math.isfinite(epoch.get(name, math.nan))]


class _Training:
    def __init__(self, trial: Trial, programs: Programs) -> None:
        self.began = time.perf_counter()
        self.started_at = _now()
        self.trial, self.recipe, self.seed = trial, trial.run.recipe, trial.run.seed
        self.directory = trial.directory
        write_atomically(self.directory.recipe, to_yaml(self.recipe.settings()))
        wanted = self.recipe.data
        self.data: Dataset = data_catalog.read(wanted.name, trial.data_directory, wanted.classes)
        available = len(self.data.train_labels)
        check_sizes(self.recipe, available, self.data.input_shape)
        self.rows, validation = split(self.recipe.data, available, self.seed)
        self.validation = Split.of(
            self.data.train_features[validation], self.data.train_labels[validation]
        )
        self.probe = self.validation.first(PROBE_EXAMPLES)
        training = self.recipe.training
        self.rates = LearningRates(training, len(self.rows) // training.batch_size)
        stopping = training.early_stopping
        self.best = None if stopping is None else BestWeights(stopping, training.epochs)
        self.compile_seconds = 0.0
        self.program = self._prepare(programs)
        self.progress = _Progress()

    def _prepare(self, programs: Programs) -> Program:
        started = time.perf_counter()
        program, new = programs.get(self.recipe, self.data)
        if new:
            program.trace(self.recipe, self.validation, self.probe)
            self.compile_seconds = time.perf_counter() - started
        program.reset(self.recipe, self.seed)
        return program

    def run(self) -> Result:
        run = self.trial.run
        with EventWriter(self.directory.path) as events:
            start = hparams.session_start(run.study, run.arm, run.seed, self.trial.settings)
            events.write(0, start, *self._observe())
            events.write_graph(self.program.graph)
            for epoch in range(1, self.recipe.training.epochs + 1):
                events.write(epoch, *self._epoch(epoch))
                if self.progress.reason or self.progress.stopped:
                    break
            metrics = self._finish()
            final = [scalar(tags.final(name), value) for name, value in metrics.items()]
            end = hparams.session_end(completed=not self.progress.reason)
            events.write(self.progress.epochs, *final, end)
        result = self._result(metrics)
        result.write(self.directory.result)
        return result

    def _epoch(self, epoch: int) -> list[Value]:
        """Train one epoch and evaluate; return what TensorBoard shows of it."""
        started = time.perf_counter()
        order = epoch_order(self.rows, self.recipe.training.batch_size, self.seed, epoch)
        recorded = self._recorded(epoch)
        samples = self.recipe.telemetry.gradient_samples_per_epoch
        trace = self.program.loop.run(
            order,
            self.rates.of_epoch(epoch),
            max(1, len(order) // samples) if recorded else 0,
            integer_seed(self.seed, Stream.AUGMENTATION, epoch),
        )
        seconds = time.perf_counter() - started
        progress = self.progress
        progress.epochs, progress.updates = epoch, progress.updates + len(trace.steps)
        progress.train_seconds += seconds
        values = {"epoch": epoch, "updates": progress.updates, **trace.means()}
        values |= {"learning_rate": self.program.learning_rate, "seconds": seconds}
        values |= self._validate(trace)
        observed = self._observe(values) if recorded else []
        append_epoch(self.directory.metrics, values)
        progress.history.append(values)
        if not progress.reason:
            self.rates.after_epoch(epoch, values)
            progress.stopped = self.best is not None and self.best.look(epoch, values, self.program)
        return [
            *finite_scalars(tags.EPOCH_SCALARS, values),
            *observed,
            *self._gradients(trace, recorded),
        ]

    def _validate(self, trace: EpochTrace) -> dict[str, float]:
        epoch = self.progress.epochs
        if trace.diverged:
            self._diverged(f"the training loss was not finite at update {self.progress.updates}")
            return {}
        values = {}
        if self.program.average is not None:
            _, values["validation_accuracy_raw"] = self.program.evaluation.run(self.validation)
        with self.program.averaged_weights():
            loss, accuracy = self.program.evaluation.run(self.validation)
        if not math.isfinite(loss):
            self._diverged(f"the validation loss was not finite after epoch {epoch}")
        return {"validation_loss": loss, "validation_accuracy": accuracy, **values}

    def _diverged(self, reason: str) -> None:
        self.progress.reason = f"{reason} (epoch {self.progress.epochs})"

    def _recorded(self, epoch: int) -> bool:
        every = self.recipe.telemetry.histograms_every_epochs
        return every > 0 and epoch % every == 0

    def _observe(self, values: dict[str, float] | None = None) -> list[Value]:
        if not self.recipe.telemetry.histograms_every_epochs:
            return []
        seen = self.program.observer.look(self.probe)
        if values is not None and self.recipe.model.units_can_die:
            values["dead_unit_share"] = float(np.mean(list(seen.dead_shares.values())))
        return [histogram(tag, buckets) for tag, buckets in seen.histograms.items()]

    def _gradients(self, trace: EpochTrace, recorded: bool) -> list[Value]:
        if not recorded:
            return []
        layers = zip(self.program.histogram_layers, trace.gradient_counts, strict=True)
        found = {layer: log10_buckets(counts) for layer, counts in layers}
        return [
            histogram(tags.gradient_histogram(layer), buckets)
            for layer, buckets in found.items()
            if len(buckets)
        ]

    def _finish(self) -> dict[str, float]:
        """Read the test split, once, and return the run's metrics, the finite ones."""
        metrics: dict[str, float] = {}
        if not self.progress.reason:
            if self.best is not None:
                self.best.restore(self.program)
            metrics |= self._test()
        column = self.progress.column
        if accuracies := column("validation_accuracy"):
            metrics["validation_accuracy_best"] = max(accuracies)
            metrics["validation_accuracy_last"] = accuracies[-1]
        if losses := column("validation_loss"):
            metrics["validation_loss_best"] = min(losses)
        if losses := column("train_loss"):
            metrics["train_loss_last"] = losses[-1]
        if dead := column("dead_unit_share"):
            metrics["dead_unit_share"] = dead[-1]
        if self.recipe.training.keep_checkpoint:
            checkpoint.save(self.directory.checkpoint, self.program.state())
        return {name: value for name, value in metrics.items() if math.isfinite(value)}

    def _test(self) -> dict[str, float]:
        program, data = self.program, self.data
        test = Split.of(data.test_features, data.test_labels)
        metrics = {}
        if program.average is not None:
            _, metrics["test_accuracy_raw"] = program.evaluation.run(test)
        with program.averaged_weights():
            metrics["test_loss"], metrics["test_accuracy"] = program.evaluation.run(test)
            metrics["weight_sparsity"] = program.weight_sparsity()
            metrics["generalization_gap"] = self._generalization_gap()
        speed = program.evaluation.microseconds_per_sample(self.validation)
        return {**metrics, "inference_microseconds_per_sample": speed}

    def _generalization_gap(self) -> float:
        """Return training minus validation accuracy of the tested weights, evaluated alike.

        The training accuracy is that of as many training examples as validate, at most.
        """
        rows = self.rows[: len(self.validation.labels)]
        seen = Split.of(self.data.train_features[rows], self.data.train_labels[rows])
        _, accuracy = self.program.evaluation.run(seen)
        tested = self.progress.epochs if self.best is None else self.best.plateau.best_epoch
        return accuracy - self.progress.history[tested - 1]["validation_accuracy"]

    def _best_epoch(self) -> int | None:
        if self.best is not None:
            return self.best.plateau.best_epoch or None
        accuracies = self.progress.column("validation_accuracy")
        return int(np.argmax(accuracies)) + 1 if accuracies else None

    def _result(self, metrics: Mapping[str, float]) -> Result:
        progress, run = self.progress, self.trial.run
        seconds = {
            "compile": self.compile_seconds,
            "train": progress.train_seconds,
            "total": time.perf_counter() - self.began,
        }
        return Result(
            study=run.study,
            arm=run.arm,
            seed=run.seed,
            status="diverged" if progress.reason else "completed",
            reason=progress.reason,
            fingerprint=fingerprint(run.recipe, run.seed, self.data.digest),
            data_digest=self.data.digest,
            metrics=metrics,
            epochs=progress.epochs,
            best_epoch=self._best_epoch(),
            updates=progress.updates,
            parameters=self.program.parameters,
            seconds={name: round(value, 6) for name, value in seconds.items()},
            environment=runtime.environment(),
            started_at=self.started_at,
            finished_at=_now(),
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
