"""Main effects and interactions of a full factorial design, as contrasts over its cells.

With every factor's first level as reference, the contrast of some factors at one level each is the
alternating sum over those factors being there or at their reference, averaged over all levels of
the other factors.  One factor: how much its level changes the metric on average.  Two: how much
more the one changes it where the other is there.  Each seed gives one number.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ablations.analysis.infer.pairs import PairedDifferences
from ablations.analysis.infer.scores import scores
from ablations.analysis.infer.verdicts import Comparison, judge
from ablations.analysis.read.collect import Collected

_ROUNDING = 1e-13
HIGHEST_ORDER = 2
"""Interactions of three factors and more are not tested: few can say what one means."""


@dataclass(frozen=True)
class SimpleEffect:
    """A factor's effect in one cell: at one level of every other factor."""

    arm: str
    """At the factor's level."""
    reference: str
    """The arm at the factor's first level that differs in nothing else."""
    effect: float
    """The mean of arm minus reference over the seeds of the contrast."""


@dataclass(frozen=True)
class Contrast:
    """A main effect (one factor) or an interaction (two), each factor at one level."""

    levels: Mapping[str, str]
    """Factor (dotted path) → label of a level that is not its reference."""
    comparison: Comparison
    simple: tuple[SimpleEffect, ...] = ()
    """Of a main effect, in every cell: it is their mean."""

    @property
    def reverses(self) -> bool:
        """Whether some cells go up and others down, so that the mean speaks for neither."""
        effects = [each.effect for each in self.simple]
        return bool(effects) and min(effects) < 0 < max(effects)


@dataclass(frozen=True)
class FactorialEffects:
    """The factorial analysis of a study."""

    references: Mapping[str, str]
    """Factor → label of its first level."""
    contrasts: tuple[Contrast, ...]
    """Main effects, then interactions; all of them are one family."""
    complete_seeds: int
    """Seeds with a run that counts in every cell: only they have a contrast."""
    incomplete: tuple[str, ...]
    """Arms that lack a run of some seed that another arm has."""
    diverged: tuple[str, ...]
    """Arms with diverged runs, which enter at what they score."""


def factorial_effects(collected: Collected) -> FactorialEffects | None:
    """Return the contrasts of a full factorial study; None for other designs."""
    study = collected.study
    arms = {arm.name: arm.levels for arm in study.arms if arm.levels}
    if study.design != "full_factorial" or not arms:
        return None
    factors = {
        path: tuple(dict.fromkeys(levels[path] for levels in arms.values()))
        for path in next(iter(arms.values()))
    }
    values = {arm: scores(collected, arm, study.metric) for arm in arms}
    shared = set.intersection(*(set(by_seed) for by_seed in values.values()))
    everywhere = collected.replicates(shared, arms)
    anywhere = set().union(*values.values())
    cells = {
        seed: {tuple(arms[arm].values()): values[arm][seed] for arm in arms} for seed in everywhere
    }
    tested = tuple(_tested_levels(factors))
    family = [
        PairedDifferences({s: contrast(cell, factors, levels) for s, cell in cells.items()})
        for levels in tested
    ]
    judged = judge(family, study.answering_metric.better, study.margin, study.correction)
    simple = [_simple_effects(arms, factors, cells, levels) for levels in tested]
    return FactorialEffects(
        {path: labels[0] for path, labels in factors.items()},
        tuple(itertools.starmap(Contrast, zip(tested, judged, simple, strict=True))),
        len(everywhere),
        tuple(arm for arm in arms if anywhere - set(values[arm])),
        tuple(arm for arm in arms if collected.diverged_seeds(arm)),
    )


def contrast(
    values: Mapping[tuple[str, ...], float],
    factors: Mapping[str, Sequence[str]],
    levels: Mapping[str, str],
) -> float:
    """Return the contrast of ``levels`` (factor → label) of one seed.

    ``values`` holds the metric of each cell, by its label of each factor in order; ``factors``
    the labels of each factor, its reference first.
    """
    choices = []
    for path, labels in factors.items():
        if path in levels:
            choices.append([(levels[path], 1), (labels[0], -1)])
        else:
            choices.append([(label, 1) for label in labels])
    terms = []
    for combination in itertools.product(*choices):
        sign = math.prod(sign for _, sign in combination)
        terms.append(sign * values[tuple(label for label, _ in combination)])
    total = math.fsum(terms)
    if abs(total) < _ROUNDING * max(map(abs, terms)):
        return 0.0  # what cancels in the metric leaves the rounding of its binary digits
    return total / len(terms) * 2.0 ** len(levels)


def _simple_effects(
    arms: Mapping[str, Mapping[str, str]],
    factors: Mapping[str, Sequence[str]],
    cells: Mapping[int, Mapping[tuple[str, ...], float]],
    levels: Mapping[str, str],
) -> tuple[SimpleEffect, ...]:
    """Return a main effect in each cell; nothing of an interaction, or without seeds."""
    if len(levels) > 1 or not cells:
        return ()
    ((path, label),) = levels.items()
    names = {tuple(of_arm.values()): arm for arm, of_arm in arms.items()}
    found = []
    for arm, of_arm in arms.items():
        if of_arm[path] == label:
            there = tuple(of_arm.values())
            absent = tuple({**of_arm, path: factors[path][0]}.values())
            differences = [cell[there] - cell[absent] for cell in cells.values()]
            effect = math.fsum(differences) / len(differences)
            largest = max(abs(cell[key]) for cell in cells.values() for key in (there, absent))
            effect = 0.0 if abs(effect) < _ROUNDING * largest else effect
            found.append(SimpleEffect(arm, names[absent], effect))
    return tuple(found)


def _tested_levels(factors: Mapping[str, Sequence[str]]) -> Iterator[dict[str, str]]:
    for order in range(1, HIGHEST_ORDER + 1):
        for chosen in itertools.combinations(factors, order):
            for labels in itertools.product(*(factors[path][1:] for path in chosen)):
                yield dict(zip(chosen, labels, strict=True))
