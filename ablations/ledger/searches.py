"""What the searches of a tuned study chose, read from their trials' results on disk.

Nothing else is kept: the same results give the same choice, so a study goes on where it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ablations.ledger.records import Result
from ablations.ledger.standing import FINISHED, Entry, State, look_up_all
from ablations.study.expand import expand, expand_trials, tuned
from ablations.study.recipe import DataRecipe
from ablations.study.schema import Study, Tuning
from ablations.study.search import choose
from ablations.study.technique import Catalog


@dataclass(frozen=True)
class Searched:
    """A study with the arms whose search is complete at the values that it chose."""

    study: Study
    trials: tuple[Entry, ...]
    """The runs of all searches."""
    incomplete: Mapping[str, str]
    """Arm whose search is not complete → why; it cannot be compared yet."""

    def of_arm(self, arm: str) -> tuple[Entry, ...]:
        """Return the runs of one arm's search."""
        return tuple(entry for entry in self.trials if entry.run.arm == arm)


def settle(
    study: Study, root: Path, digests: Mapping[DataRecipe, str | None], catalog: Catalog
) -> Searched:
    """Read every arm's trials, and choose where all of them are finished."""
    entries = look_up_all(expand_trials(study, (), catalog), root, digests)
    searched = Searched(study, entries, {})
    if study.tune is None:
        return searched
    chosen, incomplete = {}, {}
    for arm in study.tuned_arms:
        found = searched.of_arm(arm.name)
        trial = choose(study.tune, _scores(study.tune, found))
        if trial is None:
            incomplete[arm.name] = _missing(found)
        else:
            chosen[arm.name] = tuned(arm, trial.values, catalog)
    arms = tuple(chosen.get(arm.name, arm) for arm in study.arms)
    return Searched(study.model_copy(update={"arms": arms}), entries, incomplete)


def compared(
    searched: Searched, root: Path, digests: Mapping[DataRecipe, str | None]
) -> list[Entry]:
    """Return the state of each run of the comparison.

    What an arm has finished while its search is not complete, it finished at other values.
    """
    found = look_up_all(expand(searched.study), root, digests)
    return [
        replace(entry, state=State.STALE)
        if entry.run.arm in searched.incomplete and entry.state in FINISHED
        else entry
        for entry in found
    ]


def _scores(tuning: Tuning, entries: Sequence[Entry]) -> dict[str, list[float | None]]:
    scores: dict[str, list[float | None]] = {}
    for entry in entries:
        if entry.state in FINISHED and entry.result is not None:
            scores.setdefault(entry.run.trial, []).append(score(tuning, entry.result))
    return scores


def _missing(entries: Sequence[Entry]) -> str:
    states = Counter(entry.state for entry in entries)
    missing = [
        f"{states[state]} {state}" for state in State if state not in FINISHED and states[state]
    ]
    return f"of {len(entries)} runs of its search {', '.join(missing)}"


def score(tuning: Tuning, result: Result) -> float | None:
    """Return what one finished run of a trial says of it; None if it diverged."""
    return result.metrics.get(tuning.metric) if result.status == "completed" else None
