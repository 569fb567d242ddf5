"""How far a study has come: the state and epoch of each run, and about how long the rest takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from ablations.analysis.read.collect import Collected
from ablations.analysis.read.memory import Memory
from ablations.ledger.standing import Standing, State
from ablations.study.recipe import Recipe

TO_TRAIN = (State.RUNNING, State.PENDING, State.STALE)


@dataclass(frozen=True)
class RunProgress:
    """One run of the comparison, or of a search."""

    arm: str
    seed: int
    trial: str
    """The trial of the arm's search; empty in the comparison."""
    state: str
    reason: str
    """Why it is stale, diverged or failed."""
    epoch: int
    """Epochs done, as far as they are on disk."""
    epochs: int | None
    """Epochs in all; None where nothing says so yet."""
    seconds: float | None
    """What it took, once it is finished."""


@dataclass(frozen=True)
class Progress:
    """How far a study has come."""

    runs: tuple[RunProgress, ...]
    """Those of the searches first, each in the study's order."""
    states: Mapping[str, int]
    """State → how many runs are in it."""
    running: int
    """Runs that are being trained at this moment."""
    left_seconds: float | None
    """About how long the rest takes with as many runs at a time as now.

    None where nothing is being trained, or nothing says yet how long a run takes."""
    left_run_seconds: float | None
    """The same, one run after another."""


def progress(collected: Collected, memory: Memory) -> Progress:
    """Return how far a study has come.

    What is left of a run is the median of the finished ones of its arm, or else of all, less the
    share of its epochs that is done; without any, what its own epochs took so far.
    """
    wanted = [each for each in collected.standings if _is_wanted(collected, each)]
    standings = [*collected.trials, *wanted]
    lengths = {standing.run.arm: _epochs(standing) for standing in wanted}
    runs = tuple(_run(standing, memory, lengths) for standing in standings)
    states = Counter(run.state for run in runs)
    running = states[State.RUNNING]
    left = _left(runs, standings, memory)
    return Progress(
        runs=runs,
        states={state.value: states[state] for state in State if states[state]},
        running=running,
        left_seconds=left / running if left is not None and running else None,
        left_run_seconds=left,
    )


def _is_wanted(collected: Collected, standing: Standing) -> bool:
    return standing.run.arm in collected.study.arm_names and collected.looks.wants(standing.run)


def _run(standing: Standing, memory: Memory, lengths: Mapping[str, int | None]) -> RunProgress:
    run, result = standing.run, standing.result
    epochs = _epochs(standing) if run.trial else lengths.get(run.arm)
    seconds = None
    if standing.finished and result is not None:
        epoch, epochs, seconds = result.epochs, result.epochs, result.seconds.get("total")
    else:
        epoch = len({line["epoch"] for line in memory.history(standing.directory)})
    return RunProgress(
        run.arm, run.seed, run.trial, standing.state.value, standing.reason, epoch, epochs, seconds
    )


def _epochs(standing: Standing) -> int | None:
    """Return the epochs that a run is to take; None where other stages add to its own."""
    recipe = standing.run.recipe
    if standing.finished and standing.result is not None:
        return standing.result.epochs
    if not isinstance(recipe, Recipe) or recipe.transfer is not None:
        return None
    return recipe.training.epochs


def _left(
    runs: Iterable[RunProgress], standings: Iterable[Standing], memory: Memory
) -> float | None:
    """Return about how many seconds all unfinished runs take; None where nothing tells."""
    took: dict[tuple[str, bool], list[float]] = {}
    pairs = list(zip(runs, standings, strict=True))
    for run, _ in pairs:
        if run.seconds:
            took.setdefault((run.arm, bool(run.trial)), []).append(run.seconds)
    medians = {key: median(seconds) for key, seconds in took.items()}
    speeds = [_own_seconds(run, memory.history(s.directory)) for run, s in pairs if run.epoch]
    known = [*medians.values(), *(speed for speed in speeds if speed is not None)]
    if not known:
        return None
    usual, left = median(known), 0.0
    for run, _ in pairs:
        if run.state in TO_TRAIN:
            whole = medians.get((run.arm, bool(run.trial)), usual)
            done = run.epoch / run.epochs if run.state == State.RUNNING and run.epochs else 0.0
            left += whole * (1 - min(done, 1.0))
    return left


def _own_seconds(run: RunProgress, history: Iterable[Mapping[str, float | None]]) -> float | None:
    """Return how long a run that is being trained takes, by the epochs that it has done."""
    if run.state != State.RUNNING or not run.epochs:
        return None
    seconds = [line.get("seconds") for line in history]
    known = [value for value in seconds if value]
    return run.epochs * sum(known) / len(known) if known else None
