"""The rows of the report: one arm each, as typed numbers; how they read is decided elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ablations.analysis.infer.comparisons import arm_findings, rate
from ablations.analysis.infer.statistics import Summary, summarize
from ablations.analysis.infer.verdicts import Finding, Rate
from ablations.analysis.read.collect import Collected, Run, completed
from ablations.study.metrics import METRICS


@dataclass(frozen=True)
class ArmRow:
    """One arm's numbers."""

    arm: str
    is_control: bool
    is_copy: bool
    """Of the control: an A/A arm."""
    diverged: Rate
    score: Summary
    """Of the study's metric."""
    finding: Finding | None
    """Against the control; None for the control itself."""
    beside: dict[str, Summary]
    """Metric → its summary, for the metrics beside the score."""
    parameters: int | None
    updates: float | None
    """Median over the completed runs."""
    train_seconds: float | None
    """Median over the completed runs."""

    @property
    def runs(self) -> int:
        """Runs that count: completed or diverged."""
        return self.diverged.runs

    @property
    def completed(self) -> int:
        """Runs that completed."""
        return self.diverged.runs - self.diverged.diverged


def beside_the_score(metric: str) -> tuple[str, ...]:
    """Return the metrics whose means stand in the report beside ``metric``."""
    beside = (
        "test_accuracy",
        "test_loss",
        "validation_accuracy_best",
        "train_loss_last",
        "inference_microseconds_per_sample",
    )
    return tuple(name for name in beside if name != metric)


def arm_rows(collected: Collected) -> tuple[ArmRow, ...]:
    """Return a row for each arm of the study, in its order."""
    found = arm_findings(collected)
    return tuple(_row(collected, arm, found.get(arm)) for arm in collected.study.arm_names)


def _row(collected: Collected, arm: str, finding: Finding | None) -> ArmRow:
    study = collected.study
    done = completed(collected.of_arm(arm))

    def summary(metric: str) -> Summary:
        return summarize(list(collected.values(arm, metric).values()))

    return ArmRow(
        arm=arm,
        is_control=arm == study.control,
        is_copy=_is_copy(collected, arm),
        diverged=rate(collected, arm),
        score=summary(study.metric),
        finding=finding,
        beside={name: summary(name) for name in beside_the_score(study.metric)},
        parameters=max((run.result.parameters for run in collected.of_arm(arm)), default=None),
        updates=median(run.result.updates for run in done) if done else None,
        train_seconds=_median(done, "train_seconds"),
    )


def _is_copy(collected: Collected, arm: str) -> bool:
    study = collected.study
    if arm == study.control or study.control not in study.arm_names:
        return False
    return study.arm(arm).recipe.science() == study.arm(study.control).recipe.science()


def _median(runs: Sequence[Run], metric: str) -> float | None:
    values = [value for run in runs if (value := run.value(metric)) is not None]
    return median(values) if values else None


def best(rows: Sequence[ArmRow], metric: str) -> ArmRow | None:
    """Return the arm with the best mean; the first of equals; None where no arm has a mean."""
    scored = [row for row in rows if row.score.mean is not None]
    if not scored:
        return None
    sign = 1 if METRICS[metric].better == "higher" else -1
    return max(scored, key=lambda row: sign * (row.score.mean or 0.0))
