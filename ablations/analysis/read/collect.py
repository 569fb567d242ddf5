"""From a runs directory to typed records: what was found, what counts, and what is left out.

Nothing that lies in a study's directory is dropped silently: a result either counts, or is named
in ``Collected.left_out`` with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from ablations.analysis.read.left_out import Kind, LeftOut
from ablations.analysis.read.searches import ArmSearch, read_searches
from ablations.errors import AblationsError, RunsDirectoryError, StudyError, suggest
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.paths import RunDirectory, RunsDirectory
from ablations.ledger.records import (
    Epoch,
    Result,
    UnreadableResultError,
    read_history,
    read_result,
)
from ablations.study.expand import SEED_PREFIX
from ablations.study.schema import NAME, SUMMARY, TUNING, Study
from ablations.study.yaml_reader import read_yaml

Standing = Literal["current", "stale", "foreign", "removed"]
"""Of a readable result towards the study: its fingerprint is the study's; it is another; the
result belongs to another study, arm or seed; the study no longer has such an arm."""


@dataclass(frozen=True)
class Run:
    """One result that could be read."""

    arm: str
    """The arm whose directory holds the result."""
    seed: int
    result: Result
    standing: Standing
    directory: RunDirectory

    @property
    def counts(self) -> bool:
        """Whether the run is a result of the study as it stands: completed or diverged."""
        return self.standing == "current" and self.result.status != "failed"

    def value(self, metric: str) -> float | None:
        """Return the run's ``metric``; None where it has none that is finite."""
        values = self.result.metrics
        found = values.get(metric)
        if found is None and metric == "train_seconds":
            found = self.result.seconds.get("train")
        return found if found is not None and math.isfinite(found) else None

    def history(self) -> list[Epoch]:
        """Read the run's epochs."""
        return read_history(self.directory.metrics)


@dataclass(frozen=True)
class Collected:
    """A study as last run, with everything that was found of it on disk."""

    name: str
    """The directory under ``runs/``."""
    study: Study
    runs: tuple[Run, ...]
    """Every readable result, in the study's order of arms, then by seed."""
    left_out: tuple[LeftOut, ...]
    searches: tuple[ArmSearch, ...] = ()
    """What tuned each arm, in the study's order; none in a study that tunes nothing."""

    def of_arm(self, arm: str) -> tuple[Run, ...]:
        """Return the runs of ``arm`` that count, by seed."""
        return tuple(run for run in self.runs if run.arm == arm and run.counts)

    def values(self, arm: str, metric: str) -> dict[int, float]:
        """Return seed → value over the completed runs of ``arm``."""
        pairs = ((run.seed, run.value(metric)) for run in completed(self.of_arm(arm)))
        return {seed: value for seed, value in pairs if value is not None}


def completed(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """Return the runs that completed."""
    return tuple(run for run in runs if run.result.status == "completed")


def recorded_studies(runs: Path) -> list[str]:
    """Return the names of the directories under ``runs`` that hold a study's record."""
    directory = RunsDirectory(runs)
    if not runs.is_dir():
        return []
    names = sorted(path.name for path in runs.iterdir() if NAME.fullmatch(path.name))
    return [name for name in names if directory.record(name).is_file()]


def read_record(runs: Path, name: str) -> Study:
    """Return the study as it was last run.

    Raises:
        AblationsError: there is no record, or it cannot be read.
    """
    known = f"wants the name of a study that was run; {suggest(name, recorded_studies(runs))}"
    if not NAME.fullmatch(name):
        raise AblationsError(f'{runs}: no study "{name}"; {known}')
    path = RunsDirectory(runs).record(name)
    if not path.is_file():
        raise AblationsError(f'{runs}: no study "{name}" (no {name}/{path.name}); {known}')
    again = f"run the study again (ablations run {name}), or name the studies to report"
    try:
        return Study.model_validate(read_yaml(path.read_bytes(), str(path)).data)
    except OSError as error:
        raise AblationsError(f"{path}: not readable: {error.strerror}; {again}") from None
    except StudyError as error:
        raise AblationsError(f"{error}; {again}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        problem = f"{where}: {first['msg']}" if where else first["msg"]
        raise AblationsError(f"{path}: not a study's record: {problem}; {again}") from None


def collect(runs: Path, name: str) -> Collected:
    """Read everything that ``runs/<name>/`` holds.

    Raises:
        AblationsError: there is no study of that name, or its record cannot be read.
    """
    study = read_record(runs, name)
    scan = _Scan(RunsDirectory(runs), name, study)
    arms = {arm: position for position, arm in enumerate(study.arm_names)}
    for arm in sorted(
        {*arms, *scan.directories()}, key=lambda arm: (arms.get(arm, len(arms)), arm)
    ):
        scan.read_arm(arm, known=arm in arms)
    searches, trials_left_out = read_searches(scan.root, name, study)
    left_out = _grouped([*scan.left_out, *trials_left_out])
    return Collected(name, study, tuple(scan.found), left_out, searches)


class _Scan:
    """One pass over a study's directory."""

    def __init__(self, root: RunsDirectory, name: str, study: Study) -> None:
        self.root, self.name, self.study = root, name, study
        self.found: list[Run] = []
        self.left_out: list[LeftOut] = []

    def directories(self) -> Iterator[str]:
        for path in self.root.study(self.name).iterdir():
            if (
                path.is_dir()
                and path.name not in (SUMMARY, TUNING)
                and not path.name.startswith(".")
            ):
                yield path.name

    def read_arm(self, arm: str, known: bool) -> None:
        seeds = self._seeds(arm)
        for seed in sorted(seeds | (set(self.study.seeds) if known else set())):
            try:
                directory = self.root.run(self.name, arm, seed)
            except RunsDirectoryError:
                self._leave_out("unreadable", arm, seed, "the directory leads out of the runs")
                continue
            if not directory.result.exists():
                started = seed in seeds
                kind: Kind = "unfinished" if started else "missing"
                self._leave_out(kind, arm, seed, "started, has no result" if started else "not run")
                continue
            self._read_run(arm, seed, directory)

    def _seeds(self, arm: str) -> set[int]:
        """Return the seeds that have a directory; name directories that are no run's."""
        seeds = set()
        path = self.root.root / self.name / arm
        try:
            entries = sorted(path.iterdir()) if path.is_dir() else []
        except OSError as error:
            self._leave_out("unreadable", arm, None, f"the directory: {error.strerror}")
            return set()
        for entry in entries:
            number = entry.name.removeprefix(SEED_PREFIX)
            if number.isascii() and number.isdigit() and entry.name == _directory_name(number):
                seeds.add(int(number))
            elif entry.is_dir() and RunDirectory(entry).result.exists():
                reason = f'a result in "{entry.name}", which is not a run\'s directory'
                self._leave_out("foreign", arm, None, reason)
        return seeds

    def _read_run(self, arm: str, seed: int, directory: RunDirectory) -> None:
        try:
            result = read_result(directory.result)
        except UnreadableResultError as error:
            reason = str(error).replace(f"{directory.path}/", "")
            self._leave_out("unreadable", arm, seed, reason)
            return
        standing = self._standing(arm, seed, result)
        run = Run(arm, seed, result, standing, directory)
        self.found.append(run)
        if standing == "foreign":
            owner = f"{result.study}/{result.arm}/{SEED_PREFIX}{result.seed}"
            self._leave_out("foreign", arm, seed, f"the result is of {owner}")
        elif standing == "removed":
            self._leave_out("removed", arm, seed, "the study has no such arm")
        elif standing == "stale":
            self._leave_out("stale", arm, seed, "trained with other settings, data or code")
        elif result.status == "failed":
            self._leave_out("failed", arm, seed, result.reason or "no reason recorded")
        elif result.status == "completed" and run.value(self.study.metric) is None:
            self._leave_out("incomplete", arm, seed, f"has no finite {self.study.metric}")

    def _standing(self, arm: str, seed: int, result: Result) -> Standing:
        if (result.study, result.arm, result.seed) != (self.study.study, arm, seed):
            return "foreign"
        if arm not in self.study.arm_names:
            return "removed"
        if self.study.awaits_tuning(arm):
            return "stale"  # whatever was finished, it was at other values
        wanted = fingerprint(self.study.arm(arm).recipe, seed, result.data_digest)
        return "current" if result.fingerprint == wanted else "stale"

    def _leave_out(self, kind: Kind, arm: str, seed: int | None, reason: str) -> None:
        self.left_out.append(LeftOut(kind, arm, () if seed is None else (seed,), reason))


def _directory_name(number: str) -> str:
    return f"{SEED_PREFIX}{int(number)}" if len(number) < 20 else ""


def _grouped(entries: list[LeftOut]) -> tuple[LeftOut, ...]:
    """Join the seeds of entries that are otherwise equal; the order of first mention stays."""
    groups: dict[tuple[Kind, str, str], list[int]] = {}
    for entry in entries:
        groups.setdefault((entry.kind, entry.arm, entry.reason), []).extend(entry.seeds)
    return tuple(
        LeftOut(kind, arm, tuple(sorted(seeds)), reason)
        for (kind, arm, reason), seeds in groups.items()
    )
