"""Train one run, from its recipe to its ``result.json``."""

from __future__ import annotations

from collections.abc import Callable

from ablations.data import catalog as data_catalog
from ablations.errors import DataError
from ablations.files import write_atomically
from ablations.ledger import replaced
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.inputs import inputs_digest
from ablations.ledger.kept_metrics import kept_metrics
from ablations.ledger.leftovers import remove_leftovers
from ablations.ledger.paths import RunDirectory
from ablations.ledger.records import Result, digest_of_weights, write_correct
from ablations.study.keras_recipe import KerasRecipe, check_code
from ablations.study.recipe import DataRecipe
from ablations.study.yaml_writer import to_yaml
from ablations.telemetry.run_events import RunEvents
from ablations.training import checkpoint
from ablations.training.made_of import imported_here, made_of
from ablations.training.recorded import RecordedTraining
from ablations.training.request import TrainingRequest, now
from ablations.training.shared_stages import Learned, SharedStages
from ablations.training.stage import describe, stages_of
from ablations.training.trainers.compiled.programs import Programs
from ablations.training.trainers.compiled.trainer import CompiledTrainer
from ablations.training.trainers.trainer import FinalScores, Trainer
from ablations.training.training_state import Progress


def train(request: TrainingRequest, programs: Programs) -> Result:
    """Train by the compiled loop, log and write the result; return it.

    Raises:
        DataError: the inputs are not those that the caller planned the run with.
    """
    recipe, seed, directory = request.run.trained, request.run.seed, request.data_directory

    def learn() -> Learned:
        shared = SharedStages(
            recipe, seed, request.root, directory, programs, lambda data: _digest(data, request)
        )
        return shared.learn()

    def make() -> Trainer:
        return CompiledTrainer(recipe, seed, directory, programs)

    stages = stages_of(recipe)
    table = describe(stages) if len(stages) > 1 else ""
    return _RunTraining(request, make, learn, table).execute()


def train_by_fit(request: TrainingRequest) -> Result:
    """Train by Keras's ``fit``, log and write the result; return it.

    Raises:
        DataError: the inputs are not those that the caller planned the run with.
    """
    from ablations.training.trainers.keras_fit.random_state import deterministic_operations
    from ablations.training.trainers.keras_fit.trainer import KerasTrainer

    recipe = request.run.recipe
    assert isinstance(recipe, KerasRecipe)
    check_code(recipe)

    def make() -> Trainer:
        of_run = (request.run.seed, request.data_directory, request.metric, request.shares)
        return KerasTrainer(recipe, *of_run)

    with deterministic_operations():
        return _RunTraining(request, make, lambda: Learned(Progress(), {}, ()), "").execute()


class _RunTraining(RecordedTraining):
    directory: RunDirectory

    def __init__(
        self,
        request: TrainingRequest,
        make: Callable[[], Trainer],
        learn: Callable[[], Learned],
        table: str,
    ) -> None:
        """``learn`` returns what earlier stages learned, ``table`` describes them all."""
        self.started_at = now()
        self.run, self.request = request.run, request
        self.learn, self.table = learn, table
        self.data_digest = _data_digest(request)
        self.fingerprint = fingerprint(self.run.recipe, self.run.seed, self.data_digest)
        self.imported = imported_here(self.run.recipe)
        super().__init__(request.directory, self.fingerprint, make(), request.fence)

    def execute(self) -> Result:
        self.restore_or_start(self._start, self.request.from_scratch)
        self.imported()  # as close to the imports as can be
        write_atomically(self.directory.recipe, to_yaml(self.run.recipe.model_dump(mode="json")))
        scores = self._train_and_test()
        self.fence()
        if scores.correct is not None:
            write_correct(self.directory.correct, scores.correct)
        self.checkpoints.sync_files()
        result = self._result(scores)
        result.write(self.directory.result)
        remove_leftovers(self.directory)
        return result

    # Where training begins

    def _start(self, notes: tuple[str, ...]) -> None:
        """Begin in an empty directory, after the stages that other runs share."""
        replaced.keep(self.directory)
        self.checkpoints.clear()
        learned = self.learn()
        self.restart_clock()  # the stages' own time is counted, not that of waiting for them
        progress = learned.progress
        for note in notes:
            progress = progress.add_note(note)
        self.trainer.start(progress, learned.weights)
        with RunEvents(self.directory.path) as events:
            events.start_session(self.run, self.request.settings, self.table)
            for stage in learned.directories:
                events.append(stage.recorded.read_bytes())
        with self.directory.metrics.open("ab") as metrics:
            for stage in learned.directories:
                metrics.write(stage.metrics.read_bytes())

    def _train_and_test(self) -> FinalScores:
        """Train and record what is left; return the final scores."""
        with RunEvents(self.directory.path, append_to=self.directory.events[0]) as events:
            self.train(events)
            scores = self._final_scores()
            epochs = self.trainer.progress.epochs
            events.end_session(epochs, scores.metrics, completed=not self.reason)
        return scores

    # Where it ends

    def _final_scores(self) -> FinalScores:
        """Return the final scores, finite ones; a trial of a search never reads the test split.

        The run diverged if its training did, or if what answers the study is not finite.
        """
        progress, recipe = self.trainer.progress, self.run.recipe
        if progress.reason:
            tested = FinalScores({})
        else:
            tested = self.trainer.validate() if self.run.trial else self.trainer.test()
        summaries = progress.summaries(
            recipe.final_metrics, self.trainer.best_epoch if recipe.restores_best else None
        )
        metrics = {**tested.metrics, **summaries}
        if recipe.keeps_checkpoint:
            checkpoint.save(self.directory.final_state, self.trainer.variables())
        kept, divergence, notes = kept_metrics(metrics, self.request.metric)
        self.reason = progress.reason or divergence
        self.notes = (*progress.notes, *notes)
        return FinalScores(kept, tested.correct)

    def _result(self, scores: FinalScores) -> Result:
        progress, run = self.trainer.progress, self.run
        made = made_of(run.recipe, self.imported())
        seconds = {
            "compile": progress.compile_seconds,
            "train": progress.train_seconds,
            "total": self.seconds,
        }
        return Result(
            study=run.study,
            arm=run.arm,
            trial=run.trial,
            seed=run.seed,
            status="diverged" if self.reason else "completed",
            reason=self.reason,
            notes=(*self.notes, *made.notes),
            fingerprint=self.fingerprint,
            data_digest=self.data_digest,
            made_of=made.files,
            metrics=scores.metrics,
            test_examples=0 if scores.correct is None else len(scores.correct),
            weights_digest=digest_of_weights(self.trainer.trained_weights()),
            stages=progress.stages,
            epochs=progress.epochs,
            best_epoch=self.trainer.best_epoch,
            updates=progress.updates,
            parameters=self.trainer.parameters,
            seconds={name: round(value, 6) for name, value in seconds.items()},
            environment=self.trainer.environment(),
            started_at=self.started_at,
            finished_at=now(),
        )


def _data_digest(request: TrainingRequest) -> str:
    """Return the digest of all that the run learns from, as it is on this machine.

    Raises:
        DataError: it is not the one that the caller planned with.
    """
    found = inputs_digest(request.run.recipe, request.run.seed, lambda data: _digest(data, request))
    if request.data_digest and found != request.data_digest:
        raise DataError(
            f"{request.run}: its data changed since the run was planned (digest "
            f"{(found or '')[:12]}; wants {request.data_digest[:12]}); start the study again to "
            "train on what is there"
        )
    return found or ""


def _digest(data: DataRecipe, request: TrainingRequest) -> str:
    """Return the digest of one data set, which is fetched where it is not here."""
    data_catalog.fetch(data.name, request.data_directory)
    return data_catalog.digest(data.name, request.data_directory, data.classes) or ""
