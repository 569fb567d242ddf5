"""Trains one run by ``fit``: see ``trainer.Trainer`` for what is asked of it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import keras
import numpy as np

from ablations.errors import AblationsError, TrainerError, suggest
from ablations.study.declared_metrics import wrong_share
from ablations.study.keras_recipe import KerasRecipe
from ablations.study.scores import better_of
from ablations.training import runtime
from ablations.training.checkpoint import Arrays, UnusableError
from ablations.training.epoch_record import EpochRecord
from ablations.training.trainers.keras_fit.blame import blamed, raised_in
from ablations.training.trainers.keras_fit.data import Splits, load_splits
from ablations.training.trainers.keras_fit.model import build_model, callbacks_of
from ablations.training.trainers.keras_fit.recorder import TEST, VALIDATION, Recorder
from ablations.training.trainers.trainer import EpochEnd, FinalScores, Overview
from ablations.training.training_state import Progress, TrainingState

NOT_THE_SAME_BITS = (
    "the order of its data after that is not what it would have been, as the data is no function "
    "of seed and epoch"
)
CALLBACKS_ANEW = "its callbacks began anew there"


class KerasTrainer:
    """A user's compiled model under ``fit``."""

    def __init__(
        self,
        recipe: KerasRecipe,
        seed: int,
        data_directory: Path | None,
        metric: str,
        shares: Collection[str] = (),
    ) -> None:
        """``metric`` answers the study, and must be among the final ones.

        ``shares`` are metrics that are shown as a percentage of 1.
        """
        self.recipe, self.seed, self.metric, self.shares = recipe, seed, metric, shares
        self._data_directory = data_directory
        self.progress = Progress()

    @property
    def epochs(self) -> int:
        """How many epochs the training has if nothing ends it early."""
        return self.recipe.training.epochs

    @property
    def parameters(self) -> int:
        """Trainable numbers of the model."""
        return sum(math.prod(v.shape) for v in self.model.trainable_variables)

    @property
    def best_epoch(self) -> int | None:
        """The first epoch with the best validation accuracy; None where there is none."""
        return self.progress.best_epoch()

    def environment(self) -> Mapping[str, Any]:
        """Return what a result depends on besides its recipe."""
        return runtime.environment()

    def start(self, progress: Progress, learned: Arrays) -> None:
        """Draw data and model from the seed, as a script would that sets it first."""
        self._prepare()
        self.progress = progress.begin_stage("fit")

    def restore(self, state: TrainingState, arrays: Arrays) -> None:
        """Continue from what ``state`` and ``arrays`` returned.

        Raises:
            UnusableError: they are of another model.
        """
        self._prepare()
        # A step on data that nobody will miss builds all that a step builds.
        spare = load_splits(self.recipe, self.seed, self._data_directory)
        with _quiet():
            self.model.fit(spare.train.take(1), epochs=1, shuffle=False, verbose=0)
        variables = self._variables()
        shapes = {name: tuple(variable.shape) for name, variable in variables.items()}
        if shapes != {name: array.shape for name, array in arrays.items()}:
            raise UnusableError("its variables are not those of the model")
        for name, variable in variables.items():
            variable.assign(arrays[name])
        self.progress = state.progress
        if not self.data.keyed_by_epoch:
            self.progress = self.progress.add_note(NOT_THE_SAME_BITS)
        if self.recipe.training.callbacks is not None:
            self.progress = self.progress.add_note(CALLBACKS_ANEW)

    def callbacks(self) -> list[Any]:
        """Return the user's callbacks, made anew."""
        return callbacks_of(self.recipe)

    def _prepare(self) -> None:
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(self.seed % 2**32)
        self.data: Splits = load_splits(self.recipe, self.seed, self._data_directory)
        self.model: keras.Model = build_model(self.recipe, self.data)

    def overview(self) -> Overview:
        """Return nothing: a model of the user's may be built by its first batch."""
        return Overview({}, b"")

    def train(self, on_epoch_end: EpochEnd) -> None:
        """Train what is left by one call of ``fit``."""
        if self.progress.reason or self.progress.stopped:
            return

        def recorded(record: EpochRecord) -> None:
            self.progress = self.progress.after_epoch(record)
            on_epoch_end(record)

        recorder = Recorder(
            self.recipe.telemetry,
            self.epochs,
            self.progress.updates,
            self.data.clock,
            recorded,
        )
        callbacks = self.callbacks()
        try:
            with _quiet():
                self.model.fit(
                    self.data.train,
                    validation_data=self.data.validation,
                    epochs=self.epochs,
                    initial_epoch=self.progress.epochs,
                    callbacks=[*callbacks, recorder],
                    shuffle=False,  # what is to be shuffled is, by the seed
                    verbose=0,
                )
        except Exception as error:
            if raised_in(error, [recorder]):  # as it records: no code of the user's
                raise
            self._blame(error, callbacks, "fit")

    def _blame(self, error: Exception, callbacks: Sequence[Any], doing: str) -> NoReturn:
        """Raise what the user's code is to be blamed for, or else the exception as it is."""
        user = None
        if not isinstance(error, AblationsError):
            user = blamed(error, self.recipe, callbacks, doing)
        if user is None:
            raise error
        raise user from error

    def rehearse(self) -> None:
        """Evaluate one batch, and see that the answering metric is measured; trains nothing.

        Raises:
            UserCodeError: the model's loss or metrics do not take its batches.
            TrainerError: ``evaluate`` gives no such metric of the test split.
        """
        tested = self.data.validation if self.data.test is None else self.data.test
        if tested is None:
            return
        try:
            with _quiet():
                logs = self.model.evaluate(tested.take(1), verbose=0, return_dict=True)
        except Exception as error:
            self._blame(error, (), "evaluate")
        measured = () if self.data.test is None else [f"{TEST}_{name}" for name in logs]
        if self.metric.startswith(f"{TEST}_") and self.metric not in measured:
            raise TrainerError(lacks(self.metric, measured))

    def _variables(self) -> dict[str, Any]:
        """Return all variables by place: of the model with its seed generators, of optimizers."""
        found = {f"model/{n}": v for n, v in enumerate(self.model.variables)}
        optimizers = {
            id(held): held
            for held in (self.model.optimizer, *vars(self.model).values())
            if isinstance(held, keras.optimizers.Optimizer)
        }
        for number, optimizer in enumerate(optimizers.values()):
            for place, variable in enumerate(optimizer.variables):
                found[f"optimizer{number}/{place}"] = variable
        return found

    def state(self) -> TrainingState:
        """Return everything that a checkpoint holds beside arrays."""
        return TrainingState(progress=self.progress, rates={}, plateau=None)

    def arrays(self) -> Arrays:
        """Return all variables."""
        return {name: np.asarray(v) for name, v in self._variables().items()}

    def variables(self) -> Arrays:
        """Return all variables, for the kept checkpoint."""
        return self.arrays()

    def validate(self) -> FinalScores:
        """Return what ``evaluate`` says on validation, and the curves' best and last.

        Raises:
            TrainerError: the search's metric is not among them.
        """
        return self._evaluated({VALIDATION: self.data.validation})

    def test(self) -> FinalScores:
        """Return what ``evaluate`` says on validation and test, and the curves' best and last.

        Raises:
            TrainerError: the study's metric is not among them.
        """
        return self._evaluated({VALIDATION: self.data.validation, TEST: self.data.test})

    def _evaluated(self, splits: Mapping[str, Any]) -> FinalScores:
        metrics = self._of_curves()
        for split, data in splits.items():
            if data is not None:
                with _quiet():
                    logs = self.model.evaluate(data, verbose=0, return_dict=True)
                metrics |= {f"{split}_{name}": float(value) for name, value in logs.items()}
        final = self.recipe.final_metrics
        derived = {n for n, metric in final.items() if metric.summary} | {"train_seconds"}
        if self.metric and self.metric not in metrics.keys() | derived:
            raise TrainerError(lacks(self.metric, metrics))
        if too_large := wrong_share(metrics, self.shares):
            raise TrainerError(too_large)
        wrong = [f"{name} is {value:g}" for name, value in metrics.items() if not _finite(value)]
        if wrong:
            self.progress = self.progress.model_copy(update={"reason": "; ".join(wrong)})
        return FinalScores(metrics)

    def _of_curves(self) -> dict[str, float]:
        """Return ``validation_<metric>_last`` and ``_best``, where it is known which is better."""
        found: dict[str, float] = {}
        names = dict.fromkeys(name for line in self.progress.history for name in line)
        for name in names:
            if name.startswith(f"{VALIDATION}_"):
                curve = [v for v in self.progress.curve(name) if _finite(v)]
                better = better_of(name)
                found |= {f"{name}_last": curve[-1]} if curve else {}
                if curve and better is not None:
                    found[f"{name}_best"] = max(curve) if better == "higher" else min(curve)
        return found


def lacks(metric: str, measured: Iterable[str]) -> str:
    """Return that the answering metric is not among what the model measures."""
    return (
        f'no metric "{metric}", by which the study compares; {suggest(metric, measured)}; wants '
        "metric: one of these, declared under metrics"
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Keras from warning of batches whose number it learns as they end."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Your input ran out of data")
        yield


def _finite(value: float) -> bool:
    return math.isfinite(value)
