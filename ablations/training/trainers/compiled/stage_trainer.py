"""Train one stage of a run, epoch by epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablations.streams import Stream, integer_seed
from ablations.study.layer_metrics import DEAD_SHARE
from ablations.telemetry import tags
from ablations.telemetry.histograms import Buckets, log10_buckets
from ablations.telemetry.writer import NO_LAYERS, Layers
from ablations.training.checkpoint import Arrays, UnusableError, take_prefixed, with_prefix
from ablations.training.epoch_record import EpochRecord
from ablations.training.stage import Stage
from ablations.training.trainers.compiled.early_stopping import EarlyStoppingCallback
from ablations.training.trainers.compiled.epoch_trace import EpochTrace
from ablations.training.trainers.compiled.final_metrics import FinalEvaluation
from ablations.training.trainers.compiled.observe import PROBE_EXAMPLES, Observation
from ablations.training.trainers.compiled.programs import Programs
from ablations.training.trainers.compiled.rates import LearningRates
from ablations.training.trainers.compiled.stage_data import StageData
from ablations.training.trainers.compiled.step_layers import layer_means
from ablations.training.trainers.compiled.weights import Weights
from ablations.training.trainers.trainer import FinalScores
from ablations.training.training_state import Progress, TrainingState

BEST = "best/"  # in a checkpoint, before the number of a variable of the best epoch
NOTHING_OBSERVED = Observation({}, {}, {})


class StageTrainer:
    """One stage: its data, its traced program, its schedule and its early stopping."""

    def __init__(
        self, stage: Stage, seed: int, data_directory: Path | None, programs: Programs
    ) -> None:
        training = stage.recipe.training
        self.stage, self.recipe, self.seed = stage, stage.recipe, seed
        self.data = StageData(stage, seed, data_directory)
        self.probe = self.data.validation.first(PROBE_EXAMPLES)
        task = training.task
        self.score = "accuracy" if stage.setup.pretraining is not None else task.score
        """What every epoch measures besides the loss; pretraining tells right from wrong."""
        self.learning_rates = LearningRates(training, self.data.updates_per_epoch)
        technique = training.early_stopping
        self.early_stopping = (
            None if technique is None else EarlyStoppingCallback(technique, training.epochs)
        )
        started = time.perf_counter()
        self.program, is_new = programs.get(self.recipe, self.data.dataset, stage.setup)
        if is_new:
            self.program.trace(self.data.validation, self.probe)
        self.compile_seconds = time.perf_counter() - started if is_new else 0.0
        self.cache_seconds = 0.0
        """Time that the outputs of a frozen bottom took to compute."""
        self._monitored = self.data.validation

    # Before the first epoch

    def initialize(self, weights: Weights) -> None:
        """Initialize all variables by the seed; layers to be reused start from ``weights``."""
        self.program.reset(self.recipe, self.seed, weights, self.stage.reuse)
        self._preprocess()

    def restore(self, state: TrainingState, arrays: Arrays) -> None:
        """Restore what ``state`` and ``arrays`` hold of this stage.

        Raises:
            UnusableError: they are of another recipe or architecture.
        """
        if (state.plateau is None) != (self.early_stopping is None):
            raise UnusableError("it is of another early stopping")
        variables = dict(arrays)
        best = take_prefixed(BEST, variables)
        self.learning_rates.restore(state.rates)
        self.program.reset(self.recipe, self.seed)
        self.program.restore(variables)
        if self.early_stopping is not None and state.plateau is not None:
            self.early_stopping.restore(state.plateau, best, self.program)
        self._preprocess()

    def _preprocess(self) -> None:
        """Compute what depends on the data and the initial weights alone."""
        if self.program.preprocess.standardizes:
            self.program.preprocess.fit(self.data.train_features)
        self._monitored = self.program.monitored(self.data.validation)
        if self.program.frozen is not None and self.stage.setup.cached:
            started = time.perf_counter()
            self.program.frozen.fill(self.data.train_examples())
            self.cache_seconds = time.perf_counter() - started

    # What a checkpoint holds

    def state(self, progress: Progress) -> TrainingState:
        """Return the non-tensor training state."""
        stopping = self.early_stopping
        plateau = None if stopping is None else stopping.plateau.to_dict()
        return TrainingState(progress=progress, rates=self.learning_rates.state, plateau=plateau)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all variables, and the best weights so far."""
        best = {} if self.early_stopping is None else self.early_stopping.arrays()
        return {**self.program.state(), **with_prefix(BEST, best)}

    # An epoch

    def train_epoch(self, progress: Progress, number: int | None) -> EpochRecord:
        """Train the stage's next epoch and evaluate it; ``number`` is the stage's, if recorded."""
        epoch = self.stage.first_epoch + progress.stage.epochs
        telemetry, steps = self.recipe.telemetry, self.data.updates_per_epoch
        is_observed = telemetry.due(epoch, self.recipe.training.epochs, steps)
        trace, metrics = self._train_steps(epoch, is_observed)
        if not trace.diverged:
            metrics |= self._validate()
        epochs, updates = progress.epochs + 1, progress.updates + trace.updates
        divergence = _divergence(trace, metrics, epochs, updates)
        observation = self._observe() if is_observed else NOTHING_OBSERVED
        gradients = self._gradient_histograms(trace) if is_observed else {}
        return EpochRecord(
            epoch=epochs,
            updates=updates,
            metrics=metrics | self._dead_unit_share(observation),
            histograms={**observation.histograms, **gradients},
            layers=self._layers(trace, observation),
            stage=number,
            own_task=self.stage.own_task,
            divergence=divergence,
            stopped_early=not divergence and self._on_epoch_end(epoch, metrics),
        )

    def _train_steps(self, epoch: int, is_observed: bool) -> tuple[EpochTrace, dict[str, float]]:
        """Train ``epoch`` (from 1, of the recipe's); return its trace and its metrics so far."""
        started = time.perf_counter()
        order = self.data.order(epoch)
        samples = self.recipe.telemetry.gradient_samples_per_epoch
        trace = self.program.loop.run(
            order,
            self.learning_rates.of_epoch(epoch),
            max(1, len(order) // samples) if is_observed else 0,
            integer_seed(self.seed, Stream.AUGMENTATION, epoch),
        )
        seconds = time.perf_counter() - started
        rate = self.program.learning_rate
        return trace, {**trace.means(self.score), "learning_rate": rate, "seconds": seconds}

    def _validate(self) -> dict[str, float]:
        """Evaluate the validation split, by the averaged weights where they are averaged."""
        program, name, raw = self.program, f"validation_{self.score}", {}
        if program.average is not None:
            _, raw[f"{name}_raw"] = program.monitor.run(self._monitored)
        with program.averaged_weights():
            loss, score = program.monitor.run(self._monitored)
        measured = {f"validation_{n}": v for n, v in program.monitor.measured().items()}
        return {"validation_loss": loss, name: score, **measured, **raw}

    def _on_epoch_end(self, epoch: int, metrics: Mapping[str, float]) -> bool:
        """Update the schedule and early stopping; return whether to stop."""
        self.learning_rates.after_epoch(epoch, metrics)
        stopping = self.early_stopping
        return stopping is not None and stopping.on_epoch_end(epoch, metrics, self.program)

    # What telemetry shows of the network

    def initial_histograms(self) -> Mapping[str, Buckets]:
        """Return the histograms of the weights, and of the activations, before training."""
        return self._observe().histograms

    def _observe(self) -> Observation:
        if not self.recipe.telemetry.records:
            return NOTHING_OBSERVED
        return self.program.observer.observe(self.probe)

    def _dead_unit_share(self, observation: Observation) -> dict[str, float]:
        shares = list(observation.dead_shares.values())
        if not (shares and self.recipe.model.units_can_die and self.stage.own_task):
            return {}
        return {"dead_unit_share": float(np.mean(shares))}

    def _layers(self, trace: EpochTrace, observation: Observation) -> Layers:
        """Return the diagnostics of each layer, from the inputs on; of the recipe's own task."""
        if not (observation.activations and self.stage.own_task):
            return NO_LAYERS
        dead = observation.dead_shares if self.recipe.model.units_can_die else {}
        steps = layer_means(trace.layer_columns, self.program.histogram_layers)
        return {
            layer: {
                **steps.get(layer, {}),
                **({DEAD_SHARE: dead[layer]} if layer in dead else {}),
                **observation.activations.get(layer, {}),
            }
            for layer in self.program.layers
        }

    def _gradient_histograms(self, trace: EpochTrace) -> dict[str, Buckets]:
        layers = zip(self.program.histogram_layers, trace.gradient_counts, strict=True)
        buckets = {
            tags.gradient_histogram(layer): log10_buckets(counts) for layer, counts in layers
        }
        return {tag: histogram for tag, histogram in buckets.items() if len(histogram)}

    # After the last epoch

    def restore_best_weights(self) -> None:
        """Restore the weights of the best epoch, where the recipe stops early."""
        if self.early_stopping is not None:
            self.early_stopping.restore_best_weights(self.program)

    def test(self, validation_scores: list[float]) -> FinalScores:
        """Return the final scores of the best weights under early stopping, else of the last.

        ``validation_scores`` are those of each epoch of the recipe's own task.
        """
        self.restore_best_weights()
        stopping = self.early_stopping
        tested = len(validation_scores) if stopping is None else stopping.best_epoch
        task, score = self.recipe.training.task, validation_scores[tested - 1]
        return FinalEvaluation(self.program, self.data, task, score).scores()


def _divergence(trace: EpochTrace, metrics: Mapping[str, float], epochs: int, updates: int) -> str:
    """Return which loss became NaN or infinite, and when; empty where none did."""
    if trace.diverged:
        what = f"the training loss was not finite at update {updates}"
    elif not math.isfinite(metrics["validation_loss"]):
        what = f"the validation loss was not finite after epoch {epochs}"
    else:
        return ""
    return f"{what} (epoch {epochs})"
