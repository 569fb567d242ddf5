"""Trains one run by ``fit``: see ``trainer.Trainer`` for what is asked of it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import keras
import numpy as np
from numpy.typing import NDArray

from ablations.errors import AblationsError, TrainerError
from ablations.study.declared_metrics import wrong_share
from ablations.study.keras_recipe import KerasRecipe
from ablations.techniques.keras import internals
from ablations.training import runtime
from ablations.training.checkpoint import Arrays, UnusableError, take_prefixed, with_prefix
from ablations.training.epoch_record import EpochRecord
from ablations.training.trainers.keras_fit.blame import blamed, raised_in
from ablations.training.trainers.keras_fit.data import Splits, load_splits
from ablations.training.trainers.keras_fit.model import (
    build_model,
    callbacks_of,
    check_can_be_evaluated,
    lacks,
)
from ablations.training.trainers.keras_fit.random_state import (
    NOT_DETERMINISTIC,
    NOT_THE_SAME_BITS,
    OTHER_DRAWS,
    RANDOM,
    StateRestorer,
    StepState,
    allow_all_operations,
    random_states,
    repeatable,
    seed_all,
)
from ablations.training.trainers.keras_fit.recorder import (
    TEST,
    VALIDATION,
    Recorder,
    last_and_best,
)
from ablations.training.trainers.trainer import EpochEnd, FinalScores, Overview
from ablations.training.training_state import Progress, TrainingState

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
        self._restored_states: Arrays = {}
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
        """Return what a result depends on besides its recipe, and whether it can be had again."""
        return {**runtime.environment(), "repeatable": repeatable(self.progress.notes)}

    def start(self, progress: Progress, learned: Arrays) -> None:
        """Draw data and model from the seed, as a script would that sets it first."""
        self._prepare()
        self.progress = progress.begin_stage("fit")

    def restore(self, state: TrainingState, arrays: Arrays) -> None:
        """Continue from what ``state`` and ``arrays`` returned.

        Raises:
            UnusableError: they are of another model.
        """
        if NOT_DETERMINISTIC in state.progress.notes:
            internals.set_determinism(False)
        self._prepare()
        # A step on data that nobody will miss builds all that a step builds.
        spare = load_splits(self.recipe, self.seed, self._data_directory)
        with _quiet():
            self.model.fit(spare.train.take(1), epochs=1, shuffle=False, verbose=0)
            if spare.validation is not None:
                self.model.evaluate(spare.validation.take(1), verbose=0)
        saved = dict(arrays)
        self._restored_states = take_prefixed(RANDOM, saved)
        variables = self._variables()
        shapes = {name: tuple(variable.shape) for name, variable in variables.items()}
        if shapes != {name: array.shape for name, array in saved.items()}:
            raise UnusableError("its variables are not those of the model")
        for name, variable in variables.items():
            variable.assign(saved[name])
        self.progress = state.progress
        if not self.data.keyed_by_epoch:
            self.progress = self.progress.add_note(NOT_THE_SAME_BITS)
        if samplers := self._steps.samplers():
            self.progress = self.progress.add_note(OTHER_DRAWS + ", ".join(samplers))
        if self.recipe.training.callbacks is not None:
            self.progress = self.progress.add_note(CALLBACKS_ANEW)

    def callbacks(self) -> list[Any]:
        """Return the user's callbacks, made anew."""
        return callbacks_of(self.recipe)

    def _prepare(self) -> None:
        keras.utils.clear_session(free_memory=False)
        seed_all(self.seed)
        self.data: Splits = load_splits(self.recipe, self.seed, self._data_directory)
        self.model: keras.Model = build_model(self.recipe, self.data)
        self._steps = StepState(self.model)

    def overview(self) -> Overview:
        """Return nothing: a model of the user's may be built by its first batch."""
        return Overview({}, b"")

    def train(self, on_epoch_end: EpochEnd) -> None:
        """Train what is left by one call of ``fit``."""
        if self.progress.reason or self.progress.stopped:
            return

        if not self._fit(on_epoch_end):
            self._prepare()
            self._fit(on_epoch_end)

    def _fit(self, on_epoch_end: EpochEnd) -> bool:
        """Train; return False where nothing was trained as an operation is not deterministic."""

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
        first = StateRestorer(self._restored_states)
        try:
            with _quiet():
                self.model.fit(
                    self.data.train,
                    validation_data=self.data.validation,
                    epochs=self.epochs,
                    initial_epoch=self.progress.epochs,
                    callbacks=[first, *callbacks, recorder],
                    shuffle=False,  # what is to be shuffled is, by the seed
                    verbose=0,
                )
        except Exception as error:
            if raised_in(error, [recorder]):  # as it records: no code of the user's
                raise
            if not self.progress.epochs and self._allows_all_operations(error):
                return False
            self._blame(error, callbacks, "fit")
        return True

    def _allows_all_operations(self, error: Exception) -> bool:
        allowed = allow_all_operations(error)
        if allowed:
            self.progress = self.progress.add_note(NOT_DETERMINISTIC)
        return allowed

    def _evaluate(self, data: Any) -> dict[str, Any]:
        """Return what ``evaluate`` says."""
        with _quiet():
            try:
                return dict(self.model.evaluate(data, verbose=0, return_dict=True))
            except Exception as error:
                if not self._allows_all_operations(error):
                    raise
                return dict(self.model.evaluate(data, verbose=0, return_dict=True))

    def _blame(self, error: Exception, callbacks: Sequence[Any], doing: str) -> NoReturn:
        """Raise what the user's code is to be blamed for; an error of ours as it is."""
        if isinstance(error, AblationsError):
            raise error
        raise blamed(error, self.recipe, callbacks, doing) from error

    def rehearse(self) -> None:
        """Evaluate one batch, and see that the answering metric is measured; trains nothing.

        Raises:
            ModelError: the model has no method that ``evaluate`` could call.
            UserCodeError: the model's loss or metrics do not take its batches.
            TrainerError: ``evaluate`` gives no such metric of the test split.
        """
        tested = self.data.validation if self.data.test is None else self.data.test
        logs: Mapping[str, Any] = {}
        if tested is not None:
            check_can_be_evaluated(self.recipe, self.model)
            try:
                logs = self._evaluate(tested.take(1))
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
        return {**found, **self._steps.variables(found.values())}

    def state(self) -> TrainingState:
        """Return everything that a checkpoint holds beside arrays."""
        return TrainingState(progress=self.progress, rates={}, plateau=None)

    def arrays(self) -> Arrays:
        """Return all variables and random states."""
        return {**self.variables(), **with_prefix(RANDOM, random_states())}

    def variables(self) -> Arrays:
        """Return all variables, for the kept checkpoint."""
        return {name: np.asarray(v) for name, v in self._variables().items()}

    def trained_weights(self) -> list[NDArray[Any]]:
        """Return the trainable weights, in the model's order."""
        return [np.asarray(v) for v in self.model.trainable_variables]

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
        metrics = last_and_best(self.progress.history)
        for split, data in splits.items():
            if data is not None:
                logs = self._evaluate(data)
                metrics |= {f"{split}_{name}": float(value) for name, value in logs.items()}
        final = self.recipe.final_metrics
        derived = {n for n, metric in final.items() if metric.summary} | {"train_seconds"}
        if self.metric and self.metric not in metrics.keys() | derived:
            raise TrainerError(lacks(self.metric, metrics))
        if too_large := wrong_share(metrics, self.shares):
            raise TrainerError(too_large)
        return FinalScores(metrics)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Keras from warning of batches whose number it learns as they end."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Your input ran out of data")
        yield
