"""Arms whose declared difference changes nothing, and arms whose seeds change nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ablations.ledger.records import Result, read_history
from ablations.ledger.standing import Standing
from ablations.study.keras_recipe import KerasRecipe
from ablations.study.metrics import EPOCH_METRICS, METRICS
from ablations.study.recipes import COMPILED
from ablations.study.schema import Study

_UNITS_OF_TIME = ("s", "µs")
_TIMES = {
    *(name for name, metric in METRICS.items() if metric.unit in _UNITS_OF_TIME),
    *(name for name, metric in EPOCH_METRICS.items() if metric.unit in _UNITS_OF_TIME),
}
"""Metrics that measure time, which is never the same twice."""


FEWEST_SEEDS = 2
"""One equal run says nothing of other seeds: a threshold may not have been reached at that one."""


@dataclass(frozen=True)
class InertArm:
    """An arm whose declared difference from another changed nothing."""

    arm: str
    like: str
    """The arm that it equals: the control, or else the first of the study."""
    seeds: tuple[int, ...]
    """The seeds at which both have finished."""


def inert_arms(study: Study, standings: Iterable[Standing]) -> tuple[InertArm, ...]:
    """Return the arms that equal another arm at every seed that both have finished, two or more.

    Of what this package did not train itself nothing is known but the scores; see ``same_scores``.
    A copy that declares no difference is not inert.  ``standings`` are runs of the comparison.
    """
    finished: dict[str, dict[int, Standing]] = {}
    for standing in standings:
        if standing.finished and trains_here(standing):
            finished.setdefault(standing.run.arm, {})[standing.run.seed] = standing
    return tuple(_inert(study, finished))


def repeating_arms(standings: Iterable[Standing]) -> dict[str, tuple[int, ...]]:
    """Return arm → seeds where its finished runs, of two seeds or more, are all equal.

    No seed reaches its training, so these runs are one, however many there are.  Only of what this
    package trained itself: there losses and weights are known.
    """
    return {
        arm: tuple(run.run.seed for run in runs)
        for arm, runs in _finished_by_arm(standings, True).items()
        if len(runs) > 1 and _equal([(runs[0], other) for other in runs[1:]])
    }


def same_scores(standings: Iterable[Standing], metric: str) -> dict[str, tuple[int, ...]]:
    """Return arm → seeds where all that is known of runs is a metric, the same at every seed.

    They were imported, or a trainer of the user's returned it: the seed may not reach them, or the
    metric may be coarse.  They count as they are.
    """
    found = {}
    for arm, runs in _finished_by_arm(standings, False).items():
        scores = {run.result.value(metric) for run in runs if run.result}
        if len(runs) > 1 and len(scores) == 1 and None not in scores:
            found[arm] = tuple(run.run.seed for run in runs)
    return found


def scores_of_control(study: Study, standings: Iterable[Standing]) -> dict[str, tuple[int, ...]]:
    """Return arm → seeds where all that is known of its runs is that they score as the control's.

    Of arms that share two seeds or more with the control; others see ``inert_arms``.
    """
    by_arm = _finished_by_arm(standings, False)
    scores = {
        arm: {run.run.seed: run.result.value(study.metric) for run in runs if run.result}
        for arm, runs in by_arm.items()
    }
    control = scores.pop(study.control, {})
    shared = {arm: sorted(of_arm.keys() & control.keys()) for arm, of_arm in scores.items()}
    return {
        arm: tuple(seeds)
        for arm, seeds in shared.items()
        if len(seeds) >= FEWEST_SEEDS
        and arm in study.arm_names
        and _declares_a_difference(study, arm, study.control)
        and all(scores[arm][seed] == control[seed] is not None for seed in seeds)
    }


def trains_here(standing: Standing) -> bool:
    """Return whether this package trains the run itself, so that it knows losses and weights."""
    return standing.run.recipe.kind in (COMPILED, KerasRecipe.kind)


def _finished_by_arm(standings: Iterable[Standing], here: bool) -> dict[str, list[Standing]]:
    finished: dict[str, list[Standing]] = {}
    for standing in standings:
        if standing.finished and trains_here(standing) is here:
            finished.setdefault(standing.run.arm, []).append(standing)
    return finished


def _inert(study: Study, finished: Mapping[str, Mapping[int, Standing]]) -> Iterator[InertArm]:
    names = sorted(study.arm_names, key=lambda name: name != study.control)
    for position, arm in enumerate(names):
        for like in names[:position]:
            seeds = sorted(finished.get(arm, {}).keys() & finished.get(like, {}).keys())
            pairs = [(finished[arm][seed], finished[like][seed]) for seed in seeds]
            if (
                len(pairs) >= FEWEST_SEEDS
                and _declares_a_difference(study, arm, like)
                and _equal(pairs)
            ):
                yield InertArm(arm, like, tuple(seeds))
                break


def _declares_a_difference(study: Study, arm: str, like: str) -> bool:
    one, other = (study.arm(name).recipe.without_telemetry() for name in (arm, like))
    return one != other


def _equal(pairs: list[tuple[Standing, Standing]]) -> bool:
    """Whether the runs of each pair are equal; only then are all epochs worth reading.

    Equal scores are not enough, as few digits are many networks' score: the trained weights tell,
    and of results of before 0.7, which do not tell of them, the losses.
    """
    return all(_same_result(one.result, other.result) for one, other in pairs) and all(
        _same_history(one, other) for one, other in pairs
    )


def _same_result(one: Result | None, other: Result | None) -> bool:
    if one is None or other is None:
        return False
    counts = (one.status, one.epochs, one.updates) == (other.status, other.epochs, other.updates)
    if one.weights_digest and other.weights_digest and one.weights_digest != other.weights_digest:
        return False
    return counts and _same(one.metrics, other.metrics)


def _same_history(one: Standing, other: Standing) -> bool:
    epochs, others = (read_history(standing.directory.metrics) for standing in (one, other))
    if len(epochs) != len(others) or not all(map(_same, epochs, others)):
        return False
    results = [standing.result for standing in (one, other) if standing.result]
    if all(result.weights_digest for result in results):
        return True
    measured = [*(result.metrics for result in results), *epochs[-1:]]
    return any("loss" in name for metrics in measured for name in metrics)


def _same(one: Mapping[str, float | None], other: Mapping[str, float | None]) -> bool:
    """Whether all numbers but times that both hold are equal, and there are some.

    One may hold more: an arm that clips gradients counts the steps that it clips.
    """
    shared = (one.keys() & other.keys()) - _TIMES
    return bool(shared) and all(one[key] == other[key] for key in shared)
