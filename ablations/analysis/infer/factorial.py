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

from ablations.analysis.infer.statistics import mean
from ablations.analysis.infer.verdicts import Comparison, Finding, findings
from ablations.analysis.read.collect import Collected
from ablations.study.metrics import METRICS

HIGHEST_ORDER = 2
"""Interactions of three factors and more are not tested: few can say what one means."""

Cell = tuple[str, ...]
"""A label of each factor, in order."""


@dataclass(frozen=True)
class Term:
    """One or two factors, each at a level that is not its reference."""

    levels: tuple[tuple[str, str], ...]
    """Factor (dotted path) and label."""


@dataclass(frozen=True)
class Factorial:
    """The factorial analysis of a study."""

    references: Mapping[str, str]
    """Factor → label of its first level."""
    findings: Mapping[Term, Finding]
    """Main effects, then interactions; all of them are one family."""
    seeds: int
    """Seeds that completed in every cell: only they have a contrast."""
    incomplete: tuple[str, ...]
    """Arms that lack a completed run of some seed that another arm has."""


def factorial(collected: Collected) -> Factorial | None:
    """Return the contrasts of a full factorial study; None for other designs."""
    study = collected.study
    arms = {arm.name: arm.levels for arm in study.arms if arm.levels}
    if study.design != "full_factorial" or not arms:
        return None
    factors = {
        path: tuple(dict.fromkeys(levels[path] for levels in arms.values()))
        for path in next(iter(arms.values()))
    }
    values = {arm: collected.values(arm, study.metric) for arm in arms}
    everywhere = sorted(set.intersection(*(set(by_seed) for by_seed in values.values())))
    anywhere = set().union(*values.values())
    cells = [{tuple(arms[arm].values()): values[arm][seed] for arm in arms} for seed in everywhere]
    terms = tuple(_terms(factors))
    family = [
        Comparison(tuple(contrast(cell, factors, dict(term.levels)) for cell in cells))
        for term in terms
    ]
    found = findings(family, METRICS[study.metric].better, study.margin)
    return Factorial(
        {path: labels[0] for path, labels in factors.items()},
        dict(zip(terms, found, strict=True)),
        len(everywhere),
        tuple(arm for arm in arms if anywhere - set(values[arm])),
    )


def contrast(
    values: Mapping[Cell, float], factors: Mapping[str, Sequence[str]], levels: Mapping[str, str]
) -> float:
    """Return the contrast of ``levels`` (factor → label) of one seed's ``values``."""
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
    return mean(terms) * 2.0 ** len(levels)


def _terms(factors: Mapping[str, Sequence[str]]) -> Iterator[Term]:
    for order in range(1, HIGHEST_ORDER + 1):
        for chosen in itertools.combinations(factors, order):
            for labels in itertools.product(*(factors[path][1:] for path in chosen)):
                yield Term(tuple(zip(chosen, labels, strict=True)))
