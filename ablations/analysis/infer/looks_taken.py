"""How often a study was looked at, what left when, and what that saves or costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ablations.analysis.infer.corrections import LEVEL
from ablations.analysis.infer.looks import LookRule
from ablations.analysis.read.collect import Collected
from ablations.ledger.changes import Changes
from ablations.ledger.looks import Look, Reason


@dataclass(frozen=True)
class LookTaken:
    """One look at a study."""

    n: int
    """Seeds."""
    at: str
    """When, in ISO 8601."""
    level: float | None
    """The error that it may have; None where the study had not declared it."""
    left: Mapping[str, Reason]


@dataclass(frozen=True)
class LooksTaken:
    """All looks at a study that declares some, was looked at more than once, or asked otherwise."""

    declared: tuple[int, ...]
    """Numbers of seeds."""
    weights: tuple[float, ...]
    """The share of the error that each declared look may spend."""
    taken: tuple[LookTaken, ...]
    """In order of time, those that were not declared among them."""
    over: bool
    """Whether no declared look is to come."""
    runs: int
    """Those that the arms are compared at, each up to the look where it left."""
    fixed_runs: int
    """Those of a design that trains every arm at all seeds."""
    error: float | None
    """About how often a study that was looked at like this names a wrong arm; None where all looks
    were declared, and it is 5%, or where there was one look."""
    changes: Changes | None
    """Differences from earlier questions to some of the same runs; None without any."""


def looks_taken(collected: Collected) -> LooksTaken | None:
    """Return the looks at a study; None where it was judged at most once, as it says and asks."""
    looks, study = collected.looks, collected.study
    counts = {len(look.seeds) for look in looks.undeclared}
    if not study.looks and len(counts) < 2:
        if looks.changes is None:
            return None
        counts = set()
    both = sorted((*looks.undeclared, *looks.taken), key=lambda look: look.at)
    levels = {look.seeds: LookRule(study, k).level for k, look in enumerate(looks.taken)}
    return LooksTaken(
        declared=study.looks,
        weights=study.look_weights,
        taken=tuple(_taken(look, levels) for look in both),
        over=looks.over,
        runs=sum(len(looks.seeds_of(arm)) for arm in study.arm_names),
        fixed_runs=len(study.arms) * len(study.seeds),
        error=error_of_looks([*counts, *study.looks[-1:]]) if counts else None,
        changes=looks.changes,
    )


def _taken(look: Look, levels: Mapping[tuple[int, ...], float]) -> LookTaken:
    level = None if look.weight is None else levels.get(look.seeds)
    return LookTaken(len(look.seeds), look.at, level, look.left)


def error_of_looks(counts: Sequence[int]) -> float:
    """Return how often a comparison without a difference is significant at any of some n.

    Each look is a test at the full 5% of the mean of n normal differences (Armitage, McPherson and
    Rowe 1969): the density of the sum that no look has rejected, by Gauss and Legendre's
    quadrature from one look to the next.
    """
    import numpy as np
    from scipy.special import ndtri

    critical = ndtri(1 - LEVEL / 2)
    nodes, weights = np.polynomial.legendre.leggauss(64)
    ordered = sorted(set(counts))
    sums, density = np.zeros(1), np.ones(1)  # at n = 0, with weight 1
    for before, n in pairwise((0, *ordered)):
        deviation, bound = math.sqrt(n - before), critical * math.sqrt(n)
        steps = (bound * nodes[:, None] - sums) / deviation
        normal = np.exp(-(steps**2) / 2) / (math.sqrt(2 * math.pi) * deviation)
        density = bound * weights * (normal @ density)
        sums = bound * nodes
    return float(1 - density.sum())
