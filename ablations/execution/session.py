"""One ``run``: check everything, then train what is pending."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from ablations.data import catalog as data_catalog
from ablations.data.dataset import DataFacts
from ablations.data.inputs import facts_for
from ablations.errors import RunsDirectoryError
from ablations.execution import devices, study_files
from ablations.execution.catalog import CATALOG
from ablations.execution.facts import check_transfers, count_parameters, describe_data
from ablations.execution.worker import Job, Outcome
from ablations.ledger.inputs import inputs_digest
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.standing import FINISHED, Entry, State, look_up_all
from ablations.study.expand import Run, expand, expand_trials
from ablations.study.recipe import DataRecipe
from ablations.study.schema import TUNING, Study
from ablations.study.variation import (
    COMPARISON,
    PHASE,
    Setting,
    of_arm,
    of_trial,
    varied_settings,
)

ExecutorName = Literal["inline", "processes"]


@dataclass(frozen=True)
class Options:
    """How to run, apart from what."""

    runs: Path = Path("runs")
    data_directory: Path | None = None
    executor: ExecutorName = "processes"
    device: str = "auto"
    workers: int | None = None
    rerun: bool = False


@dataclass(frozen=True)
class Session:
    """A checked request: what will be trained, and what need not be."""

    study: Study
    options: Options
    entries: tuple[Entry, ...]
    devices: tuple[str | None, ...]
    digests: Mapping[DataRecipe, str | None]
    pending: tuple[Run, ...]

    def execute(self) -> Iterator[Outcome]:
        """Train what is pending and yield each outcome; what is finished is kept, whatever comes.

        The study's own files are written before, the arms' bands after.
        """
        runs = RunsDirectory(self.options.runs)
        changed = study_files.record(self.study, runs)
        if not self.pending and not changed:
            return
        try:
            yield from self._executor().execute(self.jobs())
        finally:
            study_files.summarize(self.study, runs, self.digests)

    def jobs(self) -> list[Job]:
        """Return what is pending as jobs for an executor."""
        varied = varied_settings(self.study)
        return [self._job(run, self._settings(run, varied)) for run in self.pending]

    def _executor(self) -> Executor:
        if self.options.executor == "inline":
            from ablations.execution.inline import Inline

            return Inline(self.devices)
        from ablations.execution.processes import Processes

        return Processes(self.devices)

    def _settings(
        self, run: Run, varied: Mapping[str, Mapping[str, Setting]]
    ) -> dict[str, Setting]:
        """Return what tells the run from others, for the HParams dashboard."""
        settings, tune = of_arm(varied, run.arm), self.study.tune
        if tune is None:
            return settings
        if not run.trial:
            return {PHASE: COMPARISON, **settings}
        trial = next(trial for trial in tune.trials if trial.name == run.trial)
        return {PHASE: TUNING, **settings, **of_trial(trial)}

    def _job(self, run: Run, settings: Mapping[str, Setting]) -> Job:
        data = self.options.data_directory
        return Job(
            study=run.study,
            arm=run.arm,
            trial=run.trial,
            seed=run.seed,
            recipe=run.recipe.settings(),
            settings=settings,
            runs=str(self.options.runs),
            data_digest=inputs_digest(run.recipe, run.seed, self.digests.__getitem__) or "",
            data_directory=None if data is None else str(data),
            rerun=self.options.rerun,
        )


class Executor(Protocol):
    """What trains jobs: see ``inline`` and ``processes``."""

    def execute(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Train all jobs; yield each outcome as it comes."""


def prepare(
    study: Study, arms: Collection[str], seeds: Collection[int], options: Options
) -> Session:
    """Check a request and find what is pending; nothing is written.

    Raises:
        AblationsError: the request cannot be met.
    """
    return _prepare(study, expand(study, arms, seeds), options)


def prepare_trials(study: Study, arms: Collection[str], options: Options) -> Session:
    """Check the search of a study's arms, as ``prepare`` does the comparison."""
    return _prepare(study, expand_trials(study, arms, CATALOG), options)


def _prepare(study: Study, wanted: Sequence[Run], options: Options) -> Session:
    chosen = devices.choose(options.device, options.workers)
    _check_writable(options.runs)
    for data in dict.fromkeys(data for run in wanted for data in run.recipe.all_data):
        data_catalog.fetch(data.name, options.data_directory)
    facts = describe_data(study, options.data_directory)
    _check_sizes(wanted, facts)
    arms_wanted = [study.arm(name) for name in dict.fromkeys(run.arm for run in wanted)]
    count_parameters(arms_wanted, facts)
    check_transfers(arms_wanted, facts, sorted({run.seed for run in wanted}))
    digests = {data: fact.digest for data, fact in facts.items()}
    entries = look_up_all(wanted, options.runs, digests)
    pending = [e.run for e in entries if options.rerun or e.state not in (*FINISHED, State.RUNNING)]
    return Session(study, options, entries, tuple(chosen), digests, tuple(pending))


def _check_writable(root: Path) -> None:
    """Refuse a runs directory that cannot be made or written, without making it."""
    existing = root.absolute()
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        raise RunsDirectoryError(f"{root}: {existing} is not a directory; wants one to write in")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise RunsDirectoryError(f"{root}: {existing} cannot be written; wants one that can")


def _check_sizes(wanted: Sequence[Run], facts: Mapping[DataRecipe, DataFacts]) -> None:
    from ablations.data.split import check_sizes
    from ablations.training.stage import stages_of

    for stage in (stage for run in wanted for stage in stages_of(run.recipe)):
        data = facts_for(stage.recipe.data, facts)
        check_sizes(stage.recipe, data.train_examples, data.input_shape)
