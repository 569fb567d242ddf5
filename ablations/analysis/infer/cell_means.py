"""The means behind an interaction: the metric at two factors' levels, averaged over the others."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from ablations.analysis.infer.intervals import Interval, student_interval
from ablations.analysis.infer.scores import scores
from ablations.analysis.infer.summary import summarize
from ablations.analysis.read.collect import Collected


@dataclass(frozen=True)
class CellMean:
    """The metric at one level of each of two factors."""

    first: str
    """Label of the level of the first factor."""
    second: str
    mean: float | None
    """Over the seeds that have a run in every cell, each the mean over the other factors' levels.

    None without such seeds; only the first where no seed reaches the training of any cell."""
    interval: Interval | None
    """Student's 95% interval of the mean; None where n < 2."""
    n: int


@dataclass(frozen=True)
class CellMeans:
    """Two factors of a full factorial design."""

    factors: tuple[str, str]
    """Dotted paths."""
    levels: tuple[tuple[str, ...], tuple[str, ...]]
    """The labels of each factor's levels, its reference first."""
    cells: tuple[CellMean, ...]


def cell_means(collected: Collected, metric: str) -> tuple[CellMeans, ...]:
    """Return the means for each pair of factors; none where the design is not full factorial.

    Lines that are not parallel show an interaction; whether it is more than chance is said by the
    contrasts (``factorial``), which rest on the same seeds.
    """
    study = collected.study
    arms = {arm.name: arm.levels for arm in study.arms if arm.levels}
    if study.design != "full_factorial" or not arms:
        return ()
    factors = {
        path: tuple(dict.fromkeys(levels[path] for levels in arms.values()))
        for path in next(iter(arms.values()))
    }
    values = {arm: scores(collected, arm, metric) for arm in arms}
    shared = set.intersection(*(set(by_seed) for by_seed in values.values()))
    everywhere = collected.replicates(shared, arms)
    return tuple(
        CellMeans(
            (first, second),
            (factors[first], factors[second]),
            tuple(
                _mean(arms, values, everywhere, {first: one, second: other})
                for one, other in itertools.product(factors[first], factors[second])
            ),
        )
        for first, second in itertools.combinations(factors, 2)
    )


def _mean(
    arms: Mapping[str, Mapping[str, str]],
    values: Mapping[str, Mapping[int, float]],
    seeds: list[int],
    levels: Mapping[str, str],
) -> CellMean:
    inside = [arm for arm, of_arm in arms.items() if levels.items() <= of_arm.items()]
    by_seed = [math.fsum(values[arm][seed] for arm in inside) / len(inside) for seed in seeds]
    summary = summarize(by_seed)
    first, second = levels.values()
    return CellMean(first, second, summary.mean, student_interval(summary), summary.n)
