"""Train one stage of a run, epoch by epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablations.data import catalog as data_catalog
from ablations.data.dataset import Dataset
from ablations.data.split import check_sizes, epoch_order, pair_order, split
from ablations.streams import Stream, integer_seed
from ablations.techniques.plateau import Plateau
from ablations.telemetry import tags
from ablations.telemetry.events import Value, finite_scalars, histogram
from ablations.telemetry.histograms import log10_buckets
from ablations.training.progress import Progress
from ablations.training.stage import Stage
from ablations.training.trainers.compiled.best_weights import BestWeights
from ablations.training.trainers.compiled.evaluation import Split
from ablations.training.trainers.compiled.loop import EpochTrace
from ablations.training.trainers.compiled.observe import PROBE_EXAMPLES
from ablations.training.trainers.compiled.programs import Programs
from ablations.training.trainers.compiled.rates import LearningRates
from ablations.training.trainers.compiled.weights import Weights

BEST = "best/"  # in a checkpoint, before the number of a variable of the best epoch


class Fit:
    """One stage at work: its data, its program, and what the host knows of it."""

    def __init__(
        self,
        stage: Stage,
        seed: int,
        data_directory: Path | None,
        programs: Programs,
        progress: Progress,
    ) -> None:
        self.stage, self.recipe, self.seed, self.progress = stage, stage.recipe, seed, progress
        wanted, training = self.recipe.data, self.recipe.training
        self.data: Dataset = data_catalog.read(wanted.name, data_directory, wanted.classes)
        available = len(self.data.train_labels)
        check_sizes(self.recipe, available, self.data.input_shape)
        self.rows, validation = split(wanted, available, seed)
        task = stage.part.pretraining
        self.paired = task is not None and task.paired_rows
        if self.paired:
            even = len(validation) // 2 * 2
            validation = pair_order(validation, self.data.train_labels, even, seed, 0).ravel()
        self.validation = self._examples(validation)
        self.probe = self.validation.first(PROBE_EXAMPLES)
        self.rates = LearningRates(training, self._order(stage.first_epoch).shape[0])
        stopping = training.early_stopping
        self.best = None if stopping is None else BestWeights(stopping, training.epochs)
        started = time.perf_counter()
        self.program, new = programs.get(self.recipe, self.data, stage.part)
        if new:
            self.program.trace(self.validation, self.probe)
            progress.compile_seconds += time.perf_counter() - started
        self.monitored = self.validation

    def _examples(self, rows: NDArray[np.int32]) -> Split:
        return Split.of(self.data.train_features[rows], self.data.train_labels[rows])

    def start(self, weights: Weights) -> None:
        """Take on the state before the first epoch; see ``Program.reset``."""
        self.program.reset(self.recipe, self.seed, weights, self.stage.reuse)
        self._fill_cache()

    def _fill_cache(self) -> None:
        if self.program.cache is not None:
            started = time.perf_counter()
            self.program.cache.fill(self._examples(self.rows))
            self.monitored = self.program.monitored(self.validation)
            self.progress.took(time.perf_counter() - started)

    # What a checkpoint holds

    def state(self) -> dict[str, NDArray[Any]]:
        """Return all variables, and the best weights so far."""
        best = () if self.best is None else self.best.weights
        return {**self.program.state(), **{f"{BEST}{n}": array for n, array in enumerate(best)}}

    def plain(self) -> dict[str, Any]:
        """Return what the host knows besides."""
        plateau = None if self.best is None else self.best.plateau.to_dict()
        return {"rates": dict(self.rates.state), "plateau": plateau}

    def restore(self, state: Mapping[str, NDArray[Any]], plain: Mapping[str, Any]) -> None:
        """Take on what ``state`` and ``plain`` returned.

        Raises:
            UnusableError: it is of another architecture; nothing was changed.
        """
        self.program.reset(self.recipe, self.seed)
        best = {name: array for name, array in state.items() if name.startswith(BEST)}
        self.program.restore({name: state[name] for name in state.keys() - best.keys()})
        self.rates.state = plain["rates"]
        if self.best is not None:
            self.best.plateau = Plateau.from_dict(plain["plateau"])
            self.best.weights = [best[f"{BEST}{number}"] for number in range(len(best))]
        self._fill_cache()

    # An epoch

    def epoch(self, epoch: int) -> tuple[dict[str, float], list[Value]]:
        """Train ``epoch`` (from 1, of the recipe's); return its metrics and what else is shown."""
        started = time.perf_counter()
        order = self._order(epoch)
        telemetry = self.recipe.telemetry
        recorded = telemetry.due(epoch, self.recipe.training.epochs, len(order))
        samples = telemetry.gradient_samples_per_epoch
        trace = self.program.loop.run(
            order,
            self.rates.of_epoch(epoch),
            max(1, len(order) // samples) if recorded else 0,
            integer_seed(self.seed, Stream.AUGMENTATION, epoch),
        )
        seconds = time.perf_counter() - started
        progress = self.progress
        progress.count(len(trace.steps), seconds)
        values = {"epoch": progress.epochs, "updates": progress.updates, **trace.means()}
        values |= {"learning_rate": self.program.learning_rate, "seconds": seconds}
        values |= self._validate(trace)
        observed = self.observe(values) if recorded else []
        progress.take_losses(values["train_loss"], values.get("validation_loss", math.nan))
        if not progress.reason:
            self.rates.after_epoch(epoch, values)
            progress.stopped = self.best is not None and self.best.look(epoch, values, self.program)
        if not self.stage.own_task:
            values = {tags.BEFORE.get(name, name): value for name, value in values.items()}
        scalars = finite_scalars(tags.EPOCH_SCALARS, values)
        return values, [*scalars, *observed, *self._gradients(trace, recorded)]

    def _order(self, epoch: int) -> NDArray[np.int32]:
        size = self.recipe.training.batch_size
        if self.paired:
            return pair_order(self.rows, self.data.train_labels, size, self.seed, epoch)
        places = np.arange(len(self.rows), dtype=np.int32)
        order = epoch_order(places, size, self.seed, epoch)
        return order if self.stage.part.cached else self.rows[order]

    def _validate(self, trace: EpochTrace) -> dict[str, float]:
        progress, program = self.progress, self.program
        if trace.diverged:
            progress.diverged(f"the training loss was not finite at update {progress.updates}")
            return {}
        values = {}
        if program.average is not None:
            _, values["validation_accuracy_raw"] = program.monitor.run(self.monitored)
        with program.averaged_weights():
            loss, accuracy = program.monitor.run(self.monitored)
        if not math.isfinite(loss):
            progress.diverged(f"the validation loss was not finite after epoch {progress.epochs}")
        return {"validation_loss": loss, "validation_accuracy": accuracy, **values}

    def observe(self, values: dict[str, float] | None = None) -> list[Value]:
        """Look at the network; add the share of dead units to the values of an epoch."""
        if not self.recipe.telemetry.records:
            return []
        seen = self.program.observer.look(self.probe)
        if values is not None and self.recipe.model.units_can_die and self.stage.own_task:
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

    # The end

    def restore_best(self) -> None:
        """Give the network its best weights back, where the recipe stops early."""
        if self.best is not None:
            self.best.restore(self.program)

    def test(self) -> dict[str, float]:
        """Read the test split and return what it shows of the last, or the best, weights."""
        program, data = self.program, self.data
        self.restore_best()
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
        _, accuracy = self.program.evaluation.run(
            self._examples(self.rows[: len(self.validation.labels)])
        )
        history = self.progress.history
        tested = len(history) if self.best is None else self.best.plateau.best_epoch
        return accuracy - history[tested - 1]["validation_accuracy"]
