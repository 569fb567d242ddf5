"""Decide what a run's directory says of it: done, stale, pending …  Nothing else decides it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import Path

from ablations.errors import shortened
from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.inputs import inputs_digest
from ablations.ledger.lock import is_held
from ablations.ledger.paths import RunDirectory, RunsDirectory
from ablations.ledger.records import (
    Result,
    UnreadableResultError,
    read_checkpoint_header,
    read_history,
    read_result,
)
from ablations.own_files import digest
from ablations.study.expand import Run, run_path
from ablations.study.free_recipes import CommandRecipe
from ablations.study.metrics import METRICS, OF_TESTED_WEIGHTS
from ablations.study.recipe import BaseRecipe, DataRecipe, Recipe
from ablations.study.tasks import CLASSIFICATION
from ablations.study.yaml_writer import to_yaml


class State(StrEnum):
    """The state of one run, in the order in which states are listed."""

    DONE = "done"
    RUNNING = "running"
    STALE = "stale"
    """Has a result that is not of this run as it stands; trained again when asked to run."""
    DIVERGED = "diverged"
    """A result: recorded, never retried."""
    FAILED = "failed"
    """The machine's or the code's fault; tried again when asked to run."""
    PENDING = "pending"


_STATE_OF_STATUS = {
    "completed": State.DONE,
    "diverged": State.DIVERGED,
    "failed": State.FAILED,
}


class Cause(Enum):
    """Why a run is stale."""

    UNREADABLE = "the result cannot be read"
    FOREIGN = "the result is of another study, arm or seed"
    PROVISIONAL = "the values that its arm is compared at are not chosen"
    CHANGED = "trained with other settings, data or code"


@dataclass(frozen=True)
class Standing:
    """One run and what its directory says of it."""

    run: Run
    directory: RunDirectory
    state: State
    cause: Cause | None = None
    """Why it is stale; None where it is not."""
    result: Result | None = None
    """The result in the directory, if it can be read; of this run unless the run is stale."""
    reason: str = ""
    """Why it is stale, diverged or failed, in a line."""
    saved_epochs: int | None = None
    """The epochs that a checkpoint of this very run holds, where training would go on from it."""
    changed: tuple[str, ...] = ()
    """The user's own files for which it is stale, by path, as far as they are known."""
    keeps_its_own: bool = False
    """Whether a command would find the ``checkpoint/`` of its own that it has kept."""

    @property
    def finished(self) -> bool:
        """Whether there is a result that counts, so that nothing is left to train."""
        return self.state in (State.DONE, State.DIVERGED)


def counted(standings: Iterable[Standing]) -> str:
    """Return ``3 done, 1 failed``, in the order of the states, or ``none``."""
    states = Counter(standing.state for standing in standings)
    return ", ".join(f"{states[state]} {state}" for state in State if states[state]) or "none"


def classify(
    run: Run, directory: RunDirectory, data_digest: str | None, own_files: bool = True
) -> Standing:
    """Return what a run's directory says of it.

    A result of this very run decides, whoever holds the directory.  ``data_digest`` is that of all
    that the run learns from; None where that is not on this machine, and then the data is taken
    to be what the result was made from.  Without ``own_files`` no file of the user's is looked at,
    as by a report, which is of the study as it was recorded.
    """
    if not directory.path.is_dir():
        return Standing(run, directory, State.PENDING)
    standing = _of_contents(run, directory, data_digest, own_files)
    if not standing.finished and is_held(directory.path):
        saved, its_own = standing.saved_epochs, standing.keeps_its_own
        return Standing(run, directory, State.RUNNING, saved_epochs=saved, keeps_its_own=its_own)
    return standing


def classify_all(
    runs: Iterable[Run], root: RunsDirectory, digests: Mapping[DataRecipe, str | None]
) -> tuple[Standing, ...]:
    """Return the standing of each run; ``digests`` holds that of each data set.

    Raises:
        RunsDirectoryError: a run's directory leads out of the root.
    """
    return tuple(
        classify(
            run,
            root.run(run.study, run.arm, run.seed, run.trial),
            inputs_digest(run.recipe, run.seed, digests.__getitem__),
        )
        for run in runs
    )


def _of_contents(
    run: Run, directory: RunDirectory, data_digest: str | None, own_files: bool
) -> Standing:
    """Return the standing, apart from whether the run is being trained."""
    if not directory.result.exists():
        saved = _saved_epochs(run, directory, data_digest)
        its_own = keeps_its_own(run.recipe, directory)
        return Standing(run, directory, State.PENDING, saved_epochs=saved, keeps_its_own=its_own)
    try:
        result = read_result(directory.result)
    except UnreadableResultError as error:
        reason = shortened(str(error).replace(f"{directory.path}/", ""))
        return Standing(run, directory, State.STALE, Cause.UNREADABLE, reason=reason)
    changed = changed_since(run, result) if own_files else ()
    if cause := _cause(run, result, data_digest, changed):
        reason = cause.value
        if cause is Cause.CHANGED and changed:
            reason = files_changed(changed)
        if cause is Cause.FOREIGN:
            owner = run_path(result.study, result.arm, result.seed, result.trial)
            reason = shortened(f"the result is of {owner}")
        return Standing(run, directory, State.STALE, cause, result, reason, changed=changed)
    result = _with_validation_of_tested_weights(result, run, directory)
    state = _STATE_OF_STATUS[result.status]
    failed = state is State.FAILED
    saved = _saved_epochs(run, directory, data_digest) if failed else None
    its_own = failed and keeps_its_own(run.recipe, directory)
    return Standing(
        run, directory, state, None, result, result.reason, saved, keeps_its_own=its_own
    )


def _with_validation_of_tested_weights(result: Result, run: Run, directory: RunDirectory) -> Result:
    """Add a metric that results before version 0.4 lack, from the run's epochs."""
    summary = METRICS[OF_TESTED_WEIGHTS].summary
    if not isinstance(run.recipe, Recipe) or run.recipe.training.task is not CLASSIFICATION:
        return result
    if result.status != "completed" or OF_TESTED_WEIGHTS in result.metrics or summary is None:
        return result
    if run.recipe.training.early_stopping is None:
        value = result.metrics.get("validation_accuracy_last")
    else:
        epochs = read_history(directory.metrics)
        tested = (line for line in epochs if line["epoch"] == result.best_epoch)
        value = next(tested, {}).get(summary.metric)
    if value is None:
        return result
    metrics = {**result.metrics, OF_TESTED_WEIGHTS: value}
    return result.model_copy(update={"metrics": metrics})


MOST_CHANGED = 3
"""Files that a reason names."""


def files_changed(names: Sequence[str]) -> str:
    """Return ``helper.py has changed since``."""
    more = f" and {len(names) - MOST_CHANGED} more" if len(names) > MOST_CHANGED else ""
    verb = "has" if len(names) == 1 else "have"
    return shortened(f"{', '.join(names[:MOST_CHANGED])}{more} {verb} changed since")


def changed_since(run: Run, result: Result) -> tuple[str, ...]:
    """Return the user's own files that are not what they were when a result was made.

    A file that only the result names was imported without having been found before: it is looked
    at here.
    """
    now, then = run.recipe.made_of, result.made_of
    own = [name for name, of in now.items() if name in then and then[name] != of]
    missed = [
        name
        for name, of in then.items()
        if name not in now and (found := digest(Path(name))) and found != of
    ]
    return (*own, *missed)


def _cause(
    run: Run, result: Result, data_digest: str | None, changed: Sequence[str]
) -> Cause | None:
    """Return why a result is not one of the run as it stands, or None where it is."""
    owner = (result.study, result.arm, result.trial, result.seed)
    if owner != (run.study, run.arm, run.trial, run.seed):
        return Cause.FOREIGN
    if run.provisional:
        return Cause.PROVISIONAL
    wanted = fingerprint(run.recipe, run.seed, data_digest or result.data_digest)
    return Cause.CHANGED if changed or result.fingerprint != wanted else None


def _saved_epochs(run: Run, directory: RunDirectory, data_digest: str | None) -> int | None:
    header = read_checkpoint_header(directory.resume)
    if header is None or data_digest is None:
        return None
    this_run = header.fingerprint == fingerprint(run.recipe, run.seed, data_digest)
    return header.epochs if this_run else None


def keeps_its_own(recipe: BaseRecipe, directory: RunDirectory) -> bool:
    """Whether a command of this very recipe has kept something in its ``checkpoint/``.

    How far it has come by then is its own affair.
    """
    if not isinstance(recipe, CommandRecipe):
        return False
    try:
        same = directory.recipe.read_text() == to_yaml(recipe.model_dump(mode="json"))
        return same and any(directory.checkpoint.iterdir())
    except OSError:
        return False
