"""What is done, stale, running, pending: read from the run directories, never kept elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.inputs import inputs_digest
from ablations.ledger.lock import is_held
from ablations.ledger.paths import RunDirectory, RunsDirectory
from ablations.ledger.records import Result, UnreadableResultError, read_place, read_result
from ablations.study.expand import Run
from ablations.study.recipe import DataRecipe


class State(StrEnum):
    """The state of one run."""

    DONE = "done"
    RUNNING = "running"
    STALE = "stale"
    """Finished under another recipe, data or code; trained again when asked to run."""
    DIVERGED = "diverged"
    """A result: recorded, never retried."""
    FAILED = "failed"
    """The machine's or the code's fault; tried again when asked to run."""
    PENDING = "pending"


FINISHED = (State.DONE, State.DIVERGED)


@dataclass(frozen=True)
class Entry:
    """One run with its state, and its result where there is a readable one."""

    run: Run
    state: State
    result: Result | None = None
    note: str = ""
    continues_after: int | None = None
    """The epoch that an interrupted training had saved, if it was of this very run."""


def look_up(run: Run, runs: RunsDirectory, data_digest: str | None) -> Entry:
    """Return the state of a run.

    ``data_digest`` is None where the data is not on this machine; then the data that the result
    was made from is taken to be unchanged.
    """
    directory = runs.run(run.study, run.arm, run.seed, run.trial)
    if not directory.path.is_dir():
        return Entry(run, State.PENDING)
    if is_held(directory.path):
        return Entry(run, State.RUNNING)
    if not directory.result.exists():
        return Entry(run, State.PENDING, continues_after=_saved(directory, run, data_digest))
    try:
        result = read_result(directory.result)
    except UnreadableResultError as error:
        return Entry(run, State.STALE, note=f"{directory.result}: {error}")
    wanted = fingerprint(run.recipe, run.seed, data_digest or result.data_digest)
    if result.fingerprint != wanted:
        return Entry(run, State.STALE, result)
    states = {
        "completed": State.DONE,
        "diverged": State.DIVERGED,
        "failed": State.FAILED,
    }
    saved = _saved(directory, run, data_digest) if result.status == "failed" else None
    return Entry(run, states[result.status], result, result.reason, saved)


def _saved(directory: RunDirectory, run: Run, data_digest: str | None) -> int | None:
    place = read_place(directory.resume)
    if place is None or data_digest is None:
        return None
    this_run = place.fingerprint == fingerprint(run.recipe, run.seed, data_digest)
    return place.epochs if this_run else None


def look_up_all(
    runs: Sequence[Run], root: Path, digests: Mapping[DataRecipe, str | None]
) -> tuple[Entry, ...]:
    """Return the state of each run."""
    directory = RunsDirectory(root)
    return tuple(
        look_up(run, directory, inputs_digest(run.recipe, run.seed, digests.__getitem__))
        for run in runs
    )
