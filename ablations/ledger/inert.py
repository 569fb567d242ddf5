"""What is declared and changes nothing: an arm whose runs equal another's, or seeds that do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ablations.ledger.records import Result, read_history
from ablations.ledger.standing import Standing
from ablations.study.metrics import EPOCH_METRICS, METRICS
from ablations.study.schema import Study

_UNITS_OF_TIME = ("s", "µs")
_TIMES = {
    *(name for name, metric in METRICS.items() if metric.unit in _UNITS_OF_TIME),
    *(name for name, metric in EPOCH_METRICS.items() if metric.unit in _UNITS_OF_TIME),
}
"""Metrics that measure time, which is never the same twice."""


@dataclass(frozen=True)
class InertArm:
    """An arm whose declared difference changed nothing."""

    arm: str
    like: str
    """The arm that it equals: the control, or else the first of the study."""
    seeds: tuple[int, ...]
    """The seeds at which both have finished."""


def inert_arms(study: Study, standings: Iterable[Standing]) -> tuple[InertArm, ...]:
    """Return the arms that equal another arm at every seed that both have finished.

    A copy that declares no difference is not inert.  ``standings`` are runs of the comparison.
    """
    finished: dict[str, dict[int, Standing]] = {}
    for standing in standings:
        if standing.finished:
            finished.setdefault(standing.run.arm, {})[standing.run.seed] = standing
    return tuple(_inert(study, finished))


def repeating_arms(standings: Iterable[Standing]) -> dict[str, tuple[int, ...]]:
    """Return arm → seeds where its finished runs, of two seeds or more, are all equal.

    No seed reaches its training, so these runs are one, however many there are.
    """
    finished: dict[str, list[Standing]] = {}
    for standing in standings:
        if standing.finished:
            finished.setdefault(standing.run.arm, []).append(standing)
    return {
        arm: tuple(run.run.seed for run in runs)
        for arm, runs in finished.items()
        if len(runs) > 1 and _equal([(runs[0], other) for other in runs[1:]])
    }


def _inert(study: Study, finished: Mapping[str, Mapping[int, Standing]]) -> Iterator[InertArm]:
    names = sorted(study.arm_names, key=lambda name: name != study.control)
    for position, arm in enumerate(names):
        for like in names[:position]:
            seeds = sorted(finished.get(arm, {}).keys() & finished.get(like, {}).keys())
            pairs = [(finished[arm][seed], finished[like][seed]) for seed in seeds]
            if pairs and _declares_a_difference(study, arm, like) and _equal(pairs):
                yield InertArm(arm, like, tuple(seeds))
                break


def _declares_a_difference(study: Study, arm: str, like: str) -> bool:
    one, other = (study.arm(name).recipe.without_telemetry() for name in (arm, like))
    return one != other


def _equal(pairs: list[tuple[Standing, Standing]]) -> bool:
    """Whether the runs of each pair are equal; only then are all epochs worth reading."""
    return all(_same_result(one.result, other.result) for one, other in pairs) and all(
        _same_history(one, other) for one, other in pairs
    )


def _same_result(one: Result | None, other: Result | None) -> bool:
    if one is None or other is None:
        return False
    counts = (one.status, one.epochs, one.updates) == (other.status, other.epochs, other.updates)
    return counts and _same(one.metrics, other.metrics)


def _same_history(one: Standing, other: Standing) -> bool:
    epochs, others = (read_history(standing.directory.metrics) for standing in (one, other))
    return len(epochs) == len(others) and all(map(_same, epochs, others))


def _same(one: Mapping[str, float | None], other: Mapping[str, float | None]) -> bool:
    """Whether all numbers but times that both hold are equal, and there are some.

    One may hold more: an arm that clips gradients counts the steps that it clips.
    """
    shared = (one.keys() & other.keys()) - _TIMES
    return bool(shared) and all(one[key] == other[key] for key in shared)
