"""What is done, stale, running, pending: read from the run directories, never kept elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ablations.execution.lock import is_held
from ablations.study.expand import Run
from ablations.study.fingerprint import fingerprint
from ablations.study.paths import RunsDirectory
from ablations.study.records import Result, UnreadableResultError, read_result


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
        return Entry(run, State.PENDING)
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
    return Entry(run, states[result.status], result, note=result.reason)
