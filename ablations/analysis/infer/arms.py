"""Each arm's numbers: its metrics, its diverged runs, and how it compares with the control."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from ablations.analysis.infer.best import may_be_best
from ablations.analysis.infer.divergence import Divergence, divergence
from ablations.analysis.infer.looks import compare_at_looks
from ablations.analysis.infer.replicates import compared
from ablations.analysis.infer.scores import scores
from ablations.analysis.infer.summary import Summary, skewness, summarize
from ablations.analysis.infer.verdicts import Comparison, judge
from ablations.analysis.read.collect import Collected, completed


@dataclass(frozen=True)
class ArmSummary:
    """One arm's numbers."""

    arm: str
    is_control: bool
    is_copy: bool
    """Of the control: an A/A arm."""
    divergence: Divergence
    score: Summary
    """Of the study's metric."""
    scores: Mapping[int, float]
    """Seed → the study's metric, of each completed run."""
    comparison: Comparison | None
    """With the control, on the study's metric; None for the control itself."""
    may_be_best: bool
    """Whether it may be the best of all arms on the study's metric."""
    asymmetric: bool
    """Whether its differences, or independent runs, are skewed and it spreads more than twice as
    much as the control, so that the test may err more often than it should."""
    metrics: Mapping[str, Summary]
    """Every metric → its summary; n = 0 where no completed run has it."""
    parameters: int | None
    updates: float | None
    """Median over the completed runs."""
    train_seconds: float | None
    """Median over the completed runs."""


def arm_summaries(collected: Collected) -> tuple[ArmSummary, ...]:
    """Return the numbers of each arm of the study, in its order."""
    comparisons, best = compare_with_control(collected), may_be_best(collected)
    return tuple(
        _summary(collected, arm, comparisons.get(arm), arm in best)
        for arm in collected.study.arm_names
    )


def compare_with_control(collected: Collected) -> dict[str, Comparison]:
    """Return arm → comparison with the control, on the study's metric.

    The family is every arm of the study but the control.
    """
    study = collected.study
    if study.looks:
        return compare_at_looks(collected)
    arms = [arm for arm in study.arm_names if arm != study.control]
    family = [compared(collected, arm, study.control, study.metric) for arm in arms]
    judged = judge(family, study.answering_metric.better, study.margin, study.correction)
    return dict(zip(arms, judged, strict=True))


def _summary(
    collected: Collected, arm: str, comparison: Comparison | None, best: bool
) -> ArmSummary:
    study = collected.study
    runs = completed(collected.of_arm(arm))
    values = {metric: collected.values(arm, metric) for metric in study.known_metrics}
    metrics = {metric: summarize(list(by_seed.values())) for metric, by_seed in values.items()}
    return ArmSummary(
        arm=arm,
        is_control=arm == study.control,
        is_copy=_is_copy(collected, arm),
        divergence=divergence(collected, arm),
        score=metrics[study.metric],
        scores=values[study.metric],
        comparison=comparison,
        may_be_best=best,
        asymmetric=comparison is not None and _is_asymmetric(collected, arm, comparison),
        metrics=metrics,
        parameters=max((run.result.parameters for run in collected.of_arm(arm)), default=None),
        updates=_median(run.result.updates for run in runs),
        train_seconds=_median(values["train_seconds"].values()),
    )


def _is_asymmetric(collected: Collected, arm: str, comparison: Comparison) -> bool:
    study = collected.study
    of_arm, of_control = (
        list(scores(collected, name, study.metric).values()) for name in (arm, study.control)
    )
    spread, reference = (summarize(each).standard_deviation for each in (of_arm, of_control))
    wider = spread is not None and reference is not None and spread > 2 * reference
    independent = comparison.replicates == "independent"
    return wider and abs(skewness(of_arm if independent else comparison.differences)) > 1


def _is_copy(collected: Collected, arm: str) -> bool:
    study = collected.study
    if arm == study.control or study.control not in study.arm_names:
        return False
    return (
        study.arm(arm).recipe.without_telemetry()
        == study.arm(study.control).recipe.without_telemetry()
    )


def _median(values: Iterable[float]) -> float | None:
    known = list(values)
    return median(known) if known else None
