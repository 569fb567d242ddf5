"""What each run of an arm scores: its metric, or where it diverged what its study says of that.

A mean over the survivors alone favours the arm whose bad runs vanish.
"""

from __future__ import annotations

from dataclasses import dataclass

from ablations.analysis.read.collect import Collected


@dataclass(frozen=True)
class DivergedScore:
    """What a diverged run scores on one metric."""

    value: float
    stated: bool
    """By the study; else it is the worst value of any of its completed runs."""


def diverged_score(collected: Collected, metric: str) -> DivergedScore | None:
    """Return what a diverged run scores; None where nothing says so and no run completed."""
    stated = collected.study.if_diverged.get(metric)
    if stated is not None:
        return DivergedScore(stated, True)
    arms = collected.study.arm_names
    known = [value for arm in arms for value in collected.values(arm, metric).values()]
    worst = min if collected.study.metric_named(metric).better == "higher" else max
    return DivergedScore(worst(known), False) if known else None


def scores(collected: Collected, arm: str, metric: str) -> dict[int, float]:
    """Return seed → score over the runs of ``arm`` that count, completed or diverged."""
    values = collected.values(arm, metric)
    diverged = collected.diverged_seeds(arm)
    score = diverged_score(collected, metric) if diverged else None
    return values | (dict.fromkeys(diverged, score.value) if score else {})
