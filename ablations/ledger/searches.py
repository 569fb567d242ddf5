"""What the search of each arm found, read from its trials' results on disk.

Nothing else is kept: the same results give the same choice, so a study goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ablations.ledger.paths import RunsDirectory
from ablations.ledger.records import Result
from ablations.ledger.standing import Standing, classify_all, counted
from ablations.study.expand import expand_trials, tuned
from ablations.study.recipe import DataRecipe
from ablations.study.schema import Arm, Study, Tuning, TuningTrial
from ablations.study.scores import Direction
from ablations.study.search import choose, mean_score, on_the_edge
from ablations.study.technique import Catalog


@dataclass(frozen=True)
class TrialScore:
    """One trial of one arm."""

    trial: TuningTrial
    runs: tuple[float | None, ...]
    """The tuning's metric of each finished run; None for one that diverged."""

    @property
    def mean(self) -> float | None:
        """The mean over the runs that did not diverge."""
        return mean_score(self.runs)

    @property
    def diverged(self) -> int:
        """Runs that diverged."""
        return self.runs.count(None)


@dataclass(frozen=True)
class ArmSearch:
    """The search of one arm."""

    arm: str
    trials: tuple[TrialScore, ...]
    best: TuningTrial | None
    """What the trials choose, as they lie on disk; None while the search is not complete."""
    chosen: TrialScore | None
    """The trial at whose values the study compares the arm; None while it has no such values."""
    edges: Mapping[str, Literal["lowest", "highest"]]
    """Chosen settings beyond which nothing was tried."""
    missing: str
    """What a search that is not complete still lacks, in a line."""

    @property
    def confirmed(self) -> bool:
        """Whether the trials, as they lie on disk, choose what the arm is compared at."""
        return self.chosen is not None and self.chosen.trial == self.best


def read_searches(study: Study, trials: Iterable[Standing]) -> tuple[ArmSearch, ...]:
    """Return the search of each tuned arm, in the study's order; ``trials`` are their runs."""
    if study.tune is None:
        return ()
    by_arm: dict[str, list[Standing]] = {}
    for standing in trials:
        by_arm.setdefault(standing.run.arm, []).append(standing)
    better = study.metric_named(study.tune.metric).better
    return tuple(
        _search(study.tune, arm, by_arm.get(arm.name, []), better) for arm in study.tuned_arms
    )


def _search(
    tuning: Tuning, arm: Arm, standings: Sequence[Standing], better: Direction
) -> ArmSearch:
    scores: dict[str, list[float | None]] = {}
    for standing in standings:
        if standing.finished and standing.result is not None:
            scores.setdefault(standing.run.trial, []).append(_score(tuning, standing.result))
    trials = tuple(TrialScore(trial, tuple(scores.get(trial.name, ()))) for trial in tuning.trials)
    chosen = next((t for t in trials if arm.tuned and t.trial.values == arm.tuned), None)
    best, edges = choose(tuning, scores, better), on_the_edge(tuning, arm.tuned)
    return ArmSearch(arm.name, trials, best, chosen, edges, "" if best else _missing(standings))


def _score(tuning: Tuning, result: Result) -> float | None:
    """Return what one finished run says of its trial; None if it diverged."""
    return result.metrics.get(tuning.metric) if result.status == "completed" else None


def _missing(standings: Sequence[Standing]) -> str:
    missing = counted(standing for standing in standings if not standing.finished)
    return f"of {len(standings)} runs of its search {missing}"


@dataclass(frozen=True)
class TunedStudy:
    """A study whose arms hold the values that their searches chose, where these are complete."""

    study: Study
    trials: tuple[Standing, ...]
    """The runs of all searches."""
    incomplete: Mapping[str, str]
    """Arm whose search is not complete → what it lacks; it cannot be compared yet."""


def settle(
    study: Study, root: RunsDirectory, digests: Mapping[DataRecipe, str | None], catalog: Catalog
) -> TunedStudy:
    """Read every arm's trials, and choose where all of them are finished."""
    trials = classify_all(expand_trials(study, (), catalog), root, digests)
    searches = {search.arm: search for search in read_searches(study, trials)}

    def settled(arm: Arm) -> Arm:
        best = searches[arm.name].best if arm.name in searches else None
        return arm if best is None else tuned(arm, best.values, catalog)

    arms = tuple(settled(arm) for arm in study.arms)
    incomplete = {name: search.missing for name, search in searches.items() if not search.best}
    return TunedStudy(study.model_copy(update={"arms": arms}), trials, incomplete)
