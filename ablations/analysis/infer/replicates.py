"""How a study's runs are compared: by pairs of equal seeds, or as independent runs.

This is the one place that decides; what follows gets the same kind of comparison of either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ablations.analysis.infer import max_t, permutations
from ablations.analysis.infer.independent import IndependentRuns
from ablations.analysis.infer.pairs import (
    PairedDifferences,
    difference_by_seed,
    paired_differences,
)
from ablations.analysis.infer.scores import scores
from ablations.analysis.infer.verdicts import Compared
from ablations.analysis.read.collect import Collected
from ablations.study.replicates import Replicates
from ablations.study.schema import Study
from ablations.study.scores import Direction


def compared(collected: Collected, arm: str, reference: str, metric: str) -> Compared:
    """Return what two arms of a study scored, over the runs that replicate."""
    if collected.study.replicates == "paired":
        return paired_differences(collected, arm, reference, metric)
    known = {
        name: {seed: every[seed] for seed in collected.replicates(every, (arm, reference))}
        for name, every in ((name, scores(collected, name, metric)) for name in (arm, reference))
    }
    diverged = {name: collected.diverged_seeds(name) & known[name].keys() for name in known}
    return IndependentRuns(
        known[arm], known[reference], frozenset(diverged[arm]), frozenset(diverged[reference])
    )


def compared_with_earlier(
    study: Study,
    now: Mapping[int, float],
    before: Mapping[int, float],
    diverged: frozenset[int],
    before_diverged: frozenset[int],
) -> Compared:
    """Return what an arm scores and what it scored before, seed → score."""
    if study.replicates == "independent":
        return IndependentRuns(now, before, diverged, before_diverged, unchanged=now == before)
    differences = difference_by_seed(now, before)
    seeds = differences.keys()
    return PairedDifferences(differences, diverged & seeds, before_diverged & seeds)


def best_p_values(
    of_arms: Sequence[Mapping[int, float]], better: Direction, replicates: Replicates
) -> tuple[float, ...]:
    """Return, of each arm, the p of the hypothesis that no arm is better; seed → score of each."""
    if replicates == "paired":
        return max_t.best_p_values(of_arms, better)
    return permutations.best_p_values([list(each.values()) for each in of_arms], better)
