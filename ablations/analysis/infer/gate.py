"""A gate: is an arm worse by the margin, than the control or than itself was before?

An arm is *worse* where its verdict is that, by at least the margin; *not worse* where it is better
or equivalent, or where the interval that decides on equivalence ends within the margin on the side
of worse (one of the two one-sided tests: non-inferiority).  All else is *not settled*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ablations.analysis.infer.arms import compare_with_control
from ablations.analysis.infer.replicates import compared_with_earlier
from ablations.analysis.infer.scores import diverged_score, scores
from ablations.analysis.infer.verdicts import Compared, Comparison, judge
from ablations.analysis.read.collect import Collected
from ablations.analysis.read.earlier import EarlierArm
from ablations.study.scores import Direction

Finding = Literal["not_worse", "worse", "not_settled"]


@dataclass(frozen=True)
class Gated:
    """One arm at the gate."""

    arm: str
    finding: Finding
    comparison: Comparison


def against_control(collected: Collected) -> tuple[Gated, ...]:
    """Judge each arm against the control, by the comparisons of the report."""
    return _gated(collected, compare_with_control(collected))


def against_earlier(collected: Collected, earlier: Mapping[str, EarlierArm]) -> tuple[Gated, ...]:
    """Judge each arm against what it was before; where paired, dₛ = now(s) − before(s).

    The family is all arms that there were before, the control among them.
    """
    study = collected.study
    arms = [arm for arm in study.arm_names if arm in earlier]
    family = [_differences(collected, arm, earlier[arm]) for arm in arms]
    judged = judge(family, study.answering_metric.better, study.margin, study.correction)
    return _gated(collected, dict(zip(arms, judged, strict=True)))


def _differences(collected: Collected, arm: str, before: EarlierArm) -> Compared:
    metric = collected.study.metric
    known = dict(before.values)
    score = diverged_score(collected, metric) if before.diverged else None
    known |= dict.fromkeys(before.diverged, score.value) if score else {}
    now, diverged = scores(collected, arm, metric), frozenset(collected.diverged_seeds(arm))
    return compared_with_earlier(collected.study, now, known, diverged, before.diverged)


def _gated(collected: Collected, comparisons: Mapping[str, Comparison]) -> tuple[Gated, ...]:
    better, margin = collected.study.answering_metric.better, collected.study.margin
    return tuple(
        Gated(arm, finding(comparison, better, margin), comparison)
        for arm, comparison in comparisons.items()
    )


def finding(comparison: Comparison, better: Direction, margin: float) -> Finding:
    """Return what a comparison says at the gate."""
    verdict, size = comparison.verdict, comparison.size
    if verdict == "none":
        return "not_settled"
    if verdict == "worse" and (size == "at_least_the_margin" or not margin):
        return "worse"
    if verdict in ("better", "equivalent") or size == "less_than_the_margin":
        return "not_worse"
    ends = comparison.equivalence_interval
    if ends is None:
        return "not_settled"
    worst = ends.low if better == "higher" else -ends.high
    return "not_worse" if worst > -margin else "not_settled"
