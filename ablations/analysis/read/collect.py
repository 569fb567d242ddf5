"""From a runs directory to typed records: what was found, what counts, and what is left out.

Nothing that lies in a study's directory is dropped silently: a result either counts, or is named
in ``Collected.left_out`` with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from ablations.analysis.read.left_out import (
    OTHER_CODE,
    Kind,
    LeftOut,
    join_seeds,
    trial_path,
    why_left_out,
)
from ablations.analysis.read.memory import Memory
from ablations.analysis.read.other_code import of_other_code, why, with_files
from ablations.analysis.read.recorded_run import RecordedRun as RecordedRun
from ablations.errors import AblationsError, RunsDirectoryError, StudyError, suggest
from ablations.files import read_bounded
from ablations.ledger.inert import repeating_arms
from ablations.ledger.looks import Looks, read_looks
from ablations.ledger.paths import RESULT, STUDY_RECORD, RunDirectory, RunsDirectory, seed_of
from ablations.ledger.searches import ArmSearch, read_searches
from ablations.ledger.standing import Standing
from ablations.study.expand import SEED_PREFIX, Run, comparison_runs
from ablations.study.recipe import Recipe
from ablations.study.schema import STUDY_NAME, SUMMARY, TUNING, Study
from ablations.study.yaml_reader import MAXIMUM_BYTES, read_yaml


@dataclass(frozen=True)
class Collected:
    """A study as last run, with everything that was found of it on disk."""

    name: str
    """The directory under ``runs/``."""
    study: Study
    runs: tuple[RecordedRun, ...]
    """Every readable result, in the study's order of arms, then by seed."""
    left_out: tuple[LeftOut, ...]
    looks: Looks
    """The looks that were taken at it."""
    searches: tuple[ArmSearch, ...] = ()
    """What tuned each arm, in the study's order; none in a study that tunes nothing."""
    standings: tuple[Standing, ...] = ()
    """Of each run of the comparison that the study wants or that has a directory."""
    trials: tuple[Standing, ...] = ()
    """Of each run of the searches."""

    @cached_property
    def _by_arm(self) -> dict[str, tuple[RecordedRun, ...]]:
        by_arm: dict[str, list[RecordedRun]] = {}
        for run in self.runs:
            if run.counts:
                by_arm.setdefault(run.arm, []).append(run)
        return {arm: tuple(runs) for arm, runs in by_arm.items()}

    @cached_property
    def repeating(self) -> dict[str, tuple[int, ...]]:
        """Arm → seeds where no seed reaches its training: its runs that count are all equal."""
        return repeating_arms(run.standing for run in self.runs if run.counts)

    def replicates(self, seeds: Iterable[int], arms: Iterable[str]) -> list[int]:
        """Return the seeds that tell something of arms beside each other, in order.

        Only the first, where no seed reaches the training of any of them: the others repeat it.
        """
        ordered = sorted(seeds)
        return ordered[:1] if self.repeating.keys() >= set(arms) else ordered

    def of_arm(self, arm: str) -> tuple[RecordedRun, ...]:
        """Return the runs of ``arm`` that count, by seed."""
        return self._by_arm.get(arm, ())

    def values(self, arm: str, metric: str) -> dict[int, float]:
        """Return seed → value over the completed runs of ``arm``."""
        pairs = ((run.seed, run.value(metric)) for run in completed(self.of_arm(arm)))
        return {seed: value for seed, value in pairs if value is not None}

    def diverged_seeds(self, arm: str) -> set[int]:
        """Return the seeds at which ``arm`` diverged."""
        return {run.seed for run in self.of_arm(arm) if run.result.status == "diverged"}


def completed(runs: tuple[RecordedRun, ...]) -> tuple[RecordedRun, ...]:
    """Return the runs that completed."""
    return tuple(run for run in runs if run.result.status == "completed")


def recorded_studies(runs: Path) -> list[str]:
    """Return the names of the directories under ``runs`` that hold a study's record."""
    directory = RunsDirectory(runs)
    if not runs.is_dir():
        return []
    names = sorted(path.name for path in runs.iterdir() if STUDY_NAME.fullmatch(path.name))
    return [name for name in names if directory.record(name).is_file()]


def read_record(runs: Path, name: str) -> Study:
    """Return the study as it was last run.

    Raises:
        AblationsError: there is no record, or it cannot be read.
    """
    known = f"wants the name of a study that was run; {suggest(name, recorded_studies(runs))}"
    if not STUDY_NAME.fullmatch(name):
        raise AblationsError(f'{runs}: no study "{name}"; {known}')
    path = RunsDirectory(runs).record(name)
    if not path.is_file():
        raise AblationsError(f'{runs}: no study "{name}" (no {name}/{path.name}); {known}')
    again = f"run the study again (ablations run {name}), or name the studies to report"
    try:
        return Study.model_validate(read_yaml(read_bounded(path, MAXIMUM_BYTES), str(path)).data)
    except OSError as error:
        raise AblationsError(f"{path}: not readable: {error.strerror}; {again}") from None
    except StudyError as error:
        raise AblationsError(f"{error}; {again}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        problem = f"{where}: {first['msg']}" if where else first["msg"]
        raise AblationsError(f"{path}: not a study's record: {problem}; {again}") from None


def collect(runs: Path, name: str, memory: Memory | None = None) -> Collected:
    """Read everything that ``runs/<name>/`` holds, or of a study in ``memory`` what has changed.

    Raises:
        AblationsError: there is no study of that name, or its record cannot be read.
    """
    memory = memory or Memory()
    study = memory.record(runs / name / STUDY_RECORD, lambda: read_record(runs, name))
    scan = _Scan(RunsDirectory(runs), name, study, memory)
    found = scan.comparison()
    trials = scan.trials()
    return Collected(
        name,
        scan.study,
        tuple(found),
        join_seeds(scan.left_out),
        scan.looks,
        read_searches(scan.study, trials),
        tuple(scan.standings),
        tuple(trials),
    )


OTHER_DATA = "its data has changed: most runs learned from other bytes of the same data set"


def of_other_data(runs: Iterable[RecordedRun]) -> list[RecordedRun]:
    """Return the runs that learned from other bytes than most runs with the same data settings.

    Of as many, those that finished last count.
    """
    groups: dict[str, list[RecordedRun]] = {}
    for run in runs:
        recipe = run.standing.run.recipe
        if isinstance(recipe, Recipe):
            per_seed = recipe.transfer is not None and recipe.transfer.source.file(run.seed)
            settings = recipe.model_dump_json(include={"data", "transfer", "code"})
            groups.setdefault(f"{settings} {run.seed if per_seed else ''}", []).append(run)
    others = []
    for group in groups.values():
        digests = Counter(run.result.data_digest for run in group)
        if len(digests) > 1:
            latest = {run.result.data_digest: run.result.finished_at for run in group}
            most = max(digests, key=lambda digest: (digests[digest], latest[digest]))
            others += [run for run in group if run.result.data_digest != most]
    return others


class _Scan:
    """One pass over a study's directory, which names what it leaves out."""

    def __init__(self, root: RunsDirectory, name: str, study: Study, memory: Memory) -> None:
        self.root, self.name, self.study, self.memory = root, name, study, memory
        self.looks = read_looks(study, root.looks(name))
        self.left_out: list[LeftOut] = []
        self.standings: list[Standing] = []

    def comparison(self) -> list[RecordedRun]:
        """Return every readable result, in the study's order of arms, then by seed."""
        self.standings += self._classify(self._runs(), self.study.metric)
        found = [
            self.memory.recorded(each, each.result, self.looks.wants(each.run))
            for each in self.standings
            if each.result is not None
        ]
        for run in found:
            if run.counts and run.damage:
                self._leave_out("damaged", run.arm, run.seed, run.damage)
        found = self._of_one_code(found)
        self.left_out = with_files(self.left_out, found)
        others = set(map(id, of_other_data([run for run in found if run.counts])))
        for run in found:
            if id(run) in others:
                self._leave_out("other data", run.arm, run.seed, OTHER_DATA)
        return [replace(run, same_data=False) if id(run) in others else run for run in found]

    def _of_one_code(self, found: list[RecordedRun]) -> list[RecordedRun]:
        """Return the runs, those of other code than the control's marked, and named as left out."""
        control = self.study.control
        others = of_other_code([run for run in found if run.counts], control)
        for run, file in others:
            self._leave_out(OTHER_CODE, run.arm, run.seed, why(run, file, control))
        marked = {id(run) for run, _ in others}
        return [replace(run, same_code=False) if id(run) in marked else run for run in found]

    def trials(self) -> list[Standing]:
        """Return the standings of all trials' runs."""
        runs, tune = self.memory.trials(self.study), self.study.tune
        standings = list(self._classify(runs, tune.metric)) if tune else []
        self._name_removed_trials(runs)
        return standings

    def _classify(self, runs: Iterable[Run], metric: str) -> Iterator[Standing]:
        """Yield each run's standing; ``metric`` is what it was made to measure."""
        for run in runs:
            try:
                directory = self.root.run(self.name, run.arm, run.seed, run.trial)
            except RunsDirectoryError:
                reason = "the directory leads out of the runs"
                self._leave_out("unreadable", trial_path(run.arm, run.trial), run.seed, reason)
                continue
            standing = self.memory.standing(run, directory)
            left_out = why_left_out(standing, metric)
            if left_out and left_out.kind == "stale" and run.arm not in self.study.arm_names:
                left_out = replace(left_out, kind="removed", reason="the study has no such arm")
            elif standing.finished and not run.trial and not self.looks.wants(run):
                declared = run.seed in self.study.seeds
                reason = (
                    "the arm left before" if declared else "the study does not declare this seed"
                )
                left_out = LeftOut("undeclared", run.arm, (run.seed,), reason)
            if left_out and left_out.kind == "missing" and self.study.imported:
                left_out = replace(left_out, reason="not among the results that were imported")
            self.left_out += [left_out] if left_out else []
            yield standing

    def _runs(self) -> Iterator[Run]:
        """Yield the runs that the study wants, and all others that have a directory."""
        study = self.study
        for arm in study.arms:
            seeds = sorted({*self.looks.seeds_of(arm.name), *self._seeds(arm.name)})
            yield from comparison_runs(study, arm, seeds)
        for name in sorted(set(self._directories()) - set(study.arm_names)):
            for seed in sorted(self._seeds(name)):
                yield Run(study.study, name, seed, study.base, provisional=True)

    def _directories(self) -> Iterator[str]:
        """Yield the names of the directories that hold an arm's runs."""
        for path in self.root.study(self.name).iterdir():
            beside = path.name in (SUMMARY, TUNING) or path.name.startswith(".")
            if path.is_dir() and not beside:
                yield path.name

    def _seeds(self, arm: str) -> set[int]:
        """Return the seeds that have a directory; name directories that are no run's."""
        path = self.root.root / self.name / arm
        try:
            directories = sorted(path.iterdir()) if path.is_dir() else []
        except OSError as error:
            self._leave_out("unreadable", arm, None, f"the directory: {error.strerror}")
            return set()
        seeds = set()
        for directory in directories:
            seed = seed_of(directory)
            if seed is not None:
                seeds.add(seed)
            elif directory.is_dir() and RunDirectory(directory).result.exists():
                reason = f'a result in "{directory.name}", which is not a run\'s directory'
                self._leave_out("foreign", arm, None, reason)
        return seeds

    def _name_removed_trials(self, wanted: Iterable[Run]) -> None:
        """Name the results under ``tuning/`` of arms, trials and seeds that the study has not."""
        known = {(run.arm, run.trial, f"{SEED_PREFIX}{run.seed}") for run in wanted}
        for path in sorted((self.root.study(self.name) / TUNING).glob(f"*/*/*/{RESULT}")):
            arm, trial, seed = path.parts[-4:-1]
            if (arm, trial, seed) not in known:
                reason = f"the study has no such trial ({seed})"
                self._leave_out("removed", trial_path(arm, trial), None, reason)

    def _leave_out(self, kind: Kind, name: str, seed: int | None, reason: str) -> None:
        self.left_out.append(LeftOut(kind, name, () if seed is None else (seed,), reason))
