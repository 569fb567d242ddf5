"""What the search of each arm tried, scored and chose, and whether the arms had equal chances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ablations.analysis.infer.intervals import Interval, student_interval
from ablations.analysis.infer.summary import summarize
from ablations.analysis.read.collect import Collected
from ablations.ledger.searches import ArmSearch, TrialScore
from ablations.study.schema import Arm, Study
from ablations.study.search import declared
from ablations.study.settings import flatten

RATE = "training.optimizer.learning_rate"

End = Literal["lowest", "highest"]


@dataclass(frozen=True)
class TrialSummary:
    """One trial of one arm's search."""

    values: Mapping[str, Any]
    """Dotted path of the recipe → the value tried."""
    scores: tuple[float | None, ...]
    """The tuning's metric of each run that counts; None for one that diverged."""
    mean: float | None
    """Over the runs that did not diverge."""
    interval: Interval | None
    """Student's 95% interval of the mean, over the tuning seeds."""
    diverged: int


@dataclass(frozen=True)
class ArmTuning:
    """The search of one arm."""

    arm: str
    trials: tuple[TrialSummary, ...]
    chosen: TrialSummary | None
    """The trial at whose values the arm is compared; None while the search is not complete."""
    edges: Mapping[str, End]
    """Chosen settings beyond which nothing was tried."""
    confirmed: bool
    """Whether the trials, as they lie on disk, choose what the arm is compared at."""

    @property
    def runs(self) -> int:
        """Runs of all trials that count."""
        return sum(len(trial.scores) for trial in self.trials)

    @property
    def diverged(self) -> int:
        """How many of them diverged."""
        return sum(trial.diverged for trial in self.trials)


@dataclass(frozen=True)
class Tuning:
    """The search that each arm got before the arms were compared."""

    search: Literal["grid", "random"]
    settings: tuple[str, ...]
    """Dotted paths of what is tuned."""
    trials: tuple[Mapping[str, Any], ...]
    """The values of each trial, the same for every arm."""
    seeds: tuple[int, ...]
    """Of each trial; the comparison uses none of them."""
    metric: str
    """The validation metric whose mean chooses."""
    arms: tuple[ArmTuning, ...]
    """The arms that are searched, in the study's order."""
    without_test: bool
    """Whether no trial can have looked at the test split: a user's trainer may read what it likes,
    and all that is known is that nothing else of what it returned was kept."""


@dataclass(frozen=True)
class Edge:
    """A setting that some arms chose at an end of what was tried."""

    setting: str
    end: End
    arms: tuple[str, ...]


@dataclass(frozen=True)
class Fairness:
    """Whether the arms had equal chances."""

    tuned: bool
    own_rates: Mapping[str, float] = field(default_factory=dict)
    """In a study that tunes nothing: arm that states a learning rate of its own, other than the
    control's → that rate."""
    held: tuple[str, ...] = ()
    """Arms that are not searched, as they declare a tuned setting themselves."""
    incomplete: tuple[str, ...] = ()
    """Arms that are not compared, as their search is not complete."""
    not_confirmed: tuple[str, ...] = ()
    """Arms whose trials on disk no longer choose the values that they are compared at."""
    on_the_edge: tuple[Edge, ...] = ()


def tuning(collected: Collected) -> Tuning | None:
    """Return what the search of each arm did; None where the study tunes nothing."""
    tune = collected.study.tune
    if tune is None:
        return None
    return Tuning(
        tune.search,
        tune.paths,
        tuple(trial.values for trial in tune.trials),
        tune.seeds,
        tune.metric,
        tuple(_arm_tuning(search) for search in collected.searches),
        not collected.study.base.brings_metrics,
    )


def _arm_tuning(search: ArmSearch) -> ArmTuning:
    trials = {trial.trial.name: _trial(trial) for trial in search.trials}
    chosen = trials[search.chosen.trial.name] if search.chosen else None
    return ArmTuning(
        search.arm, tuple(trials.values()), chosen, dict(search.edges), search.confirmed
    )


def _trial(trial: TrialScore) -> TrialSummary:
    interval = student_interval(summarize([run for run in trial.runs if run is not None]))
    return TrialSummary(trial.trial.values, trial.runs, trial.mean, interval, trial.diverged)


def fairness(collected: Collected, searches: Tuning | None) -> Fairness:
    """Return whether the arms had equal chances."""
    if searches is None:
        return Fairness(tuned=False, own_rates=own_rates(collected.study))
    searched = {arm.arm for arm in searches.arms}
    edges: dict[tuple[str, End], list[str]] = {}
    for arm in searches.arms:
        for setting, end in arm.edges.items():
            edges.setdefault((setting, end), []).append(arm.arm)
    return Fairness(
        tuned=True,
        held=tuple(arm for arm in collected.study.arm_names if arm not in searched),
        incomplete=tuple(arm.arm for arm in searches.arms if arm.chosen is None),
        not_confirmed=tuple(arm.arm for arm in searches.arms if arm.chosen and not arm.confirmed),
        on_the_edge=tuple(Edge(*key, tuple(arms)) for key, arms in edges.items()),
    )


def own_rates(study: Study) -> dict[str, float]:
    """Return arm → the learning rate that it states, where that is not the control's.

    Where the rate is a factor of the design, it is what the arms are compared by.
    """
    if study.imported or study.control not in study.arm_names:
        return {}
    control = _rate(study.arm(study.control))
    rates = {
        arm.name: _rate(arm)
        for arm in study.arms
        if declared(arm.changes, RATE) and RATE not in arm.levels
    }
    return {arm: rate for arm, rate in rates.items() if rate not in (None, control)}


def _rate(arm: Arm) -> Any:
    """Return the learning rate in an arm's recipe; None where there is none of that name."""
    return flatten(arm.recipe.without_telemetry()).get(RATE)
