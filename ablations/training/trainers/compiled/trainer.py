"""The compiled trainer: train the stages of a run one after another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ablations.study.recipe import Recipe
from ablations.training import runtime
from ablations.training.checkpoint import Arrays, UnusableError, take_prefixed, with_prefix
from ablations.training.stage import Stage, stages_of
from ablations.training.trainers.compiled.programs import Programs
from ablations.training.trainers.compiled.stage_trainer import StageTrainer
from ablations.training.trainers.compiled.weights import Weights, read_weights, weights_of
from ablations.training.trainers.trainer import EpochEnd, FinalScores, Overview
from ablations.training.training_state import Progress, TrainingState

LEARNED = "learned/"  # in a checkpoint, before the name of what an earlier stage learned


class CompiledTrainer:
    """Trains with our own loop, a whole epoch in one TensorFlow function; see ``Trainer``."""

    stage: StageTrainer
    """The current stage."""

    def __init__(
        self,
        recipe: Recipe,
        seed: int,
        data_directory: Path | None,
        programs: Programs,
        last_stage: int | None = None,
    ) -> None:
        """Train the stages up to the last one, or up to ``last_stage``, from 1."""
        self.recipe, self.seed, self.data_directory = recipe, seed, data_directory
        self.programs, self.stages = programs, stages_of(recipe)
        self._last_stage = last_stage or len(self.stages)
        self.progress = Progress()
        self._learned: Weights = {}
        """What earlier stages learned, for those that follow."""
        programs.make_room(len(self.stages))

    @property
    def epochs(self) -> int:
        """The epochs of all stages."""
        return sum(stage.epochs for stage in self.stages)

    @property
    def parameters(self) -> int:
        """Trainable numbers of the classifier, frozen or not."""
        return self.stage.program.parameters

    @property
    def best_epoch(self) -> int | None:
        """See ``Trainer``."""
        stopping = self.stage.early_stopping
        if stopping is None:
            return self.progress.best_epoch(self.recipe.training.scores[0])
        if not stopping.best_epoch:
            return None
        return int(self.progress.history[stopping.best_epoch - 1]["epoch"])

    def environment(self) -> dict[str, Any]:
        """See ``Trainer``."""
        return runtime.environment()

    def overview(self) -> Overview:
        """See ``Trainer``."""
        return Overview(self.stage.initial_histograms(), self.stage.program.graph)

    # From stage to stage

    def start(self, progress: Progress, learned: Arrays) -> None:
        """Begin the stage that follows; none where an earlier one diverged."""
        self.progress, self._learned = progress, dict(learned)
        if progress.reason:
            self.stage = self._stage_trainer(self.stages[len(progress.stages) - 1])
            self.stage.initialize(learned)
        else:
            self._begin_stage(self._from_file() if not progress.stages else self._learned)

    def train(self, on_epoch_end: EpochEnd) -> None:
        """Train all epochs that are left of all stages."""
        while self._has_next_epoch():
            number = len(self.progress.stages) if len(self.stages) > 1 else None
            record = self.stage.train_epoch(self.progress, number)
            self.progress = self.progress.after_epoch(record)
            on_epoch_end(record)

    def _has_next_epoch(self) -> bool:
        """Return whether there is an epoch left, in this stage or in a next one, then begun."""
        if self.progress.reason:
            return False
        if not self.progress.stopped and self.progress.stage.epochs < self.stage.stage.epochs:
            return True
        if len(self.progress.stages) == self._last_stage:
            return False
        continues_schedule = self.stage.stage.own_task
        schedule_state = self.stage.learning_rates.state if continues_schedule else None
        self._begin_stage(self.learned())
        if schedule_state is not None:
            self.stage.learning_rates.restore(schedule_state)
        return True

    def _begin_stage(self, weights: Weights) -> None:
        """Begin the next stage with the weights of the stages before, or of a file."""
        stage = self.stages[len(self.progress.stages)]
        self._learned = {} if stage is self.stages[-1] else dict(weights)
        self.progress = self.progress.begin_stage(stage.name)
        self.stage = self._stage_trainer(stage)
        self.stage.initialize(weights)
        self.progress = self.progress.add_train_seconds(self.stage.cache_seconds)

    def _stage_trainer(self, stage: Stage) -> StageTrainer:
        trainer = StageTrainer(stage, self.seed, self.data_directory, self.programs)
        self.progress = self.progress.add_compile_seconds(trainer.compile_seconds)
        return trainer

    def learned(self) -> Weights:
        """Return what this stage and those before have learned, weights by name."""
        self.stage.restore_best_weights()
        return {**self._learned, **weights_of(self.stage.program.model)}

    def _from_file(self) -> Weights:
        transfer = self.recipe.transfer
        path = None if transfer is None else transfer.source.file(self.seed)
        return {} if path is None else read_weights(path)

    # What a checkpoint holds

    def state(self) -> TrainingState:
        """Return the non-tensor training state."""
        return self.stage.state(self.progress)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all variables, and the weights that earlier stages learned."""
        return {**self.stage.arrays(), **with_prefix(LEARNED, self._learned)}

    def restore(self, state: TrainingState, arrays: Arrays) -> None:
        """See ``Trainer``."""
        names = [stage.name for stage in state.progress.stages]
        if not names or names != [stage.name for stage in self.stages[: len(names)]]:
            raise UnusableError(f"it is of other stages: {', '.join(names) or 'none'}")
        rest = dict(arrays)
        self._learned = take_prefixed(LEARNED, rest)
        self.progress = state.progress
        self.stage = self._stage_trainer(self.stages[len(names) - 1])
        self.stage.restore(state, rest)
        self.progress = self.progress.add_train_seconds(self.stage.cache_seconds)

    # After the last epoch

    def variables(self) -> dict[str, NDArray[Any]]:
        """Return all variables of the last stage by name."""
        return self.stage.program.state()

    def trained_weights(self) -> list[NDArray[Any]]:
        """See ``Trainer``."""
        return [v.numpy() for v in self.stage.program.model.trainable_variables]

    def validate(self) -> FinalScores:
        """Return nothing: every epoch was validated."""
        return FinalScores({})

    def test(self) -> FinalScores:
        """See ``Trainer``."""
        return self.stage.test(self.progress.curve(f"validation_{self.stage.score}"))
