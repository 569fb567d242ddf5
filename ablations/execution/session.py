"""One ``run``: check everything once, then train what is pending."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ablations.data import catalog as data_catalog
from ablations.data.inputs import facts_for
from ablations.errors import AblationsError
from ablations.execution import facts, study_files
from ablations.execution.catalog import CATALOG
from ablations.execution.examples import check_classes_of
from ablations.execution.executor import Executor, executor_for
from ablations.execution.facts import Facts
from ablations.execution.options import Options
from ablations.execution.storage import existing_above
from ablations.execution.worker import Job, Outcome
from ablations.ledger.inputs import inputs_digest
from ablations.ledger.leftovers import remove_leftovers
from ablations.ledger.looks import Looks, read_looks
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.searches import TunedStudy, settle
from ablations.ledger.standing import Standing, State, classify_all
from ablations.study.declared_metrics import shares_of
from ablations.study.expand import Run, expand, expand_trials
from ablations.study.free_recipes import CommandRecipe
from ablations.study.recipe import Recipe
from ablations.study.schema import Study
from ablations.study.variation import run_settings
from ablations.training.trainers.catalog import TRAINERS
from ablations.user_code import code_from


@dataclass(frozen=True)
class Prepared:
    """A request that was checked: all that its sessions need to know."""

    study: Study
    """As loaded: no arm is tuned."""
    arms: tuple[str, ...]
    """The arms that are asked for."""
    seeds: tuple[int, ...]
    """The seeds of the comparison that are asked for."""
    options: Options
    executor: Executor
    facts: Facts

    @property
    def runs(self) -> RunsDirectory:
        """Where all runs are kept."""
        return RunsDirectory(self.options.runs)

    def without_rerun(self) -> Prepared:
        """Return the request once what was to be trained again has been."""
        return replace(self, options=replace(self.options, rerun=False))

    def trials(self) -> Session:
        """Return the runs of the arms' searches; none where nothing is tuned."""
        tuned = self._settle()
        wanted = tuple(t for t in tuned.trials if not self.arms or t.run.arm in self.arms)
        return Session(self, tuned, tuple(t for t in wanted if self._holds(t.run)), len(wanted))

    def comparison(self) -> Session:
        """Return the runs of the arms that need no search, or whose search is complete.

        Without seeds that are asked for, those up to the look to come, of arms that have not left.
        """
        tuned = self._settle()
        looks = self.looks(tuned)
        runs = [
            run
            for run in expand(tuned.study, self.arms, self.seeds)
            if not run.provisional and (self.seeds or looks.next_wants(run))
        ]
        standings = classify_all(filter(self._holds, runs), self.runs, self.facts.digests)
        return Session(self, tuned, standings, len(runs))

    def looks(self, tuned: TunedStudy) -> Looks:
        """Return the looks that were taken."""
        return read_looks(tuned.study, self.runs.looks(tuned.study.study))

    def waits_for(self, tuned: TunedStudy) -> tuple[Standing, ...]:
        """Return the runs that are not finished of those that the look to come needs, of all arms.

        Of a study without looks, of all that it declares.
        """
        looks = self.looks(tuned)
        runs = filter(looks.next_wants, expand(tuned.study))
        standings = classify_all(runs, self.runs, self.facts.digests)
        return tuple(standing for standing in standings if not standing.finished)

    def _holds(self, run: Run) -> bool:
        """Whether a run is trained here, and not by another shard."""
        return self.options.shard is None or self.options.shard.holds(run)

    def _settle(self) -> TunedStudy:
        return settle(self.study, self.runs, self.facts.digests, CATALOG)


@dataclass(frozen=True)
class Session:
    """Some runs of a study: what will be trained, and what need not be."""

    prepared: Prepared
    tuned: TunedStudy
    """The study with the values that its searches have chosen by now."""
    standings: tuple[Standing, ...]
    of_all_shards: int
    """How many runs there are with those of the other shards."""

    @property
    def pending(self) -> tuple[Run, ...]:
        """The runs that will be trained."""
        anew = self.prepared.options.rerun
        return tuple(
            standing.run
            for standing in self.standings
            if anew or not (standing.finished or standing.state is State.RUNNING)
        )

    def execute(self) -> Iterator[Outcome]:
        """Train what is pending and yield each outcome; what is finished is kept, whatever comes.

        The study's own files are written before, the arms' bands after.
        """
        for standing in self.standings:
            its_own = isinstance(standing.run.recipe, CommandRecipe)  # whatever it is called
            if standing.finished and standing.directory.resume.exists() and not its_own:
                remove_leftovers(standing.directory)
        runs, jobs = self.prepared.runs, self.jobs()
        study = self.tuned.study
        data = study.arm(study.control).recipe.all_data
        outputs = self.prepared.facts.data[data[0]].outputs if data else None
        changed = study_files.record(study, runs, outputs)
        if not jobs and not changed and study_files.is_summarized(study, runs):
            return
        try:
            yield from self.prepared.executor.execute(jobs)
        finally:
            study_files.summarize(self.tuned.study, runs, self.prepared.facts.digests)

    def jobs(self) -> list[Job]:
        """Return what is pending as jobs for an executor."""
        options, digests = self.prepared.options, self.prepared.facts.digests
        study = self.tuned.study
        settings = run_settings(self.tuned.study, self.pending)
        from ablations.training.stage import shared_by

        return [
            Job(
                study=run.study,
                arm=run.arm,
                trial=run.trial,
                seed=run.seed,
                recipe=run.recipe.model_dump(mode="json"),
                settings=its_own,
                runs=options.runs,
                data_digest=inputs_digest(run.recipe, run.seed, digests.__getitem__) or "",
                data_directory=options.data_directory,
                rerun=options.rerun,
                metric=study.tune.metric if run.trial and study.tune else study.metric,
                shares=shares_of(study.known_metrics),
                shared=shared_by(run.recipe, run.seed),
                made_of=run.recipe.made_of,
            )
            for run, its_own in zip(self.pending, settings, strict=True)
        ]


def prepare(
    study: Study, options: Options, arms: Sequence[str] = (), seeds: Sequence[int] = ()
) -> Prepared:
    """Check a request, its searches and its comparison alike; nothing is written.

    Without ``arms`` or ``seeds`` of the comparison, all are asked for.

    Raises:
        AblationsError: the request cannot be met.
    """
    wanted = [*expand(study, arms, seeds), *expand_trials(study, arms, CATALOG)]
    kinds = {run.recipe.kind for run in wanted}
    options = replace(options, tensorflow=any(TRAINERS[kind].needs_tensorflow for kind in kinds))
    executor = executor_for(options)
    if options.executor == "inline" and any(run.recipe.code for run in wanted):
        raise AblationsError(
            "--executor inline: code is taken from another directory, in processes of its own; "
            "wants --executor processes"
        )
    existing_above(options.runs)
    for data in dict.fromkeys(data for run in wanted for data in run.recipe.all_data):
        with code_from(data.code):
            asked = (data.name, options.data_directory, data.classes, study.task, data.advice)
            data_catalog.check(*asked)
    arms_wanted = [study.arm(name) for name in dict.fromkeys(run.arm for run in wanted)]
    seeds_wanted = sorted({run.seed for run in wanted})
    known = facts.check(study, arms_wanted, seeds_wanted, options.data_directory)
    _check_sizes(wanted, known, options.devices_per_run)
    check_classes_of(wanted, options.data_directory)
    return Prepared(study, tuple(arms), tuple(seeds), options, executor, known)


def _check_sizes(wanted: Sequence[Run], known: Facts, devices: int) -> None:
    """Refuse runs that their data is too small for, or whose batches cannot be cut."""
    from ablations.data.split import check_sizes
    from ablations.training.stage import check_parts, stages_of

    stages = (s for run in wanted if isinstance(run.recipe, Recipe) for s in stages_of(run.recipe))
    for stage in stages:
        data = facts_for(stage.recipe.data, known.data)
        check_sizes(stage.recipe, data.train_examples, data.input_shape, data.outputs)
        check_parts(stage, devices)
