"""The rows of the report: one arm each, as typed numbers; how they read is decided elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ablations.analysis.collect import Collected, Run, completed
from ablations.analysis.statistics import mean, paired_differences, standard_deviation
from ablations.study.metrics import METRICS
from ablations.study.schema import Claim


@dataclass(frozen=True)
class Summary:
    """Mean and spread of one metric over the completed runs of one arm."""

    n: int
    mean: float | None
    standard_deviation: float | None


@dataclass(frozen=True)
class ArmRow:
    """One arm's line of the results table."""

    arm: str
    is_control: bool
    runs: int
    """Runs that count: completed or diverged."""
    completed: int
    diverged: int
    score: Summary
    """Of the study's metric."""
    difference: float | None
    """Mean of dₛ = m(arm, s) − m(control, s) over the seeds that completed in both."""
    pairs: int
    means: dict[str, float | None]
    """Metric → mean over the completed runs, for the metrics beside the score."""
    parameters: int | None
    updates: float | None
    """Median over the completed runs."""
    train_seconds: float | None
    """Median over the completed runs."""


def beside_the_score(metric: str) -> tuple[str, ...]:
    """Return the metrics whose means stand in the table beside ``metric``."""
    beside = ("test_accuracy", "test_loss", "validation_accuracy_best")
    return tuple(name for name in beside if name != metric)


def summarize(values: Sequence[float]) -> Summary:
    """Return n, mean and sample standard deviation."""
    centre = mean(values) if values else None
    return Summary(len(values), centre, standard_deviation(values))


def arm_rows(collected: Collected) -> tuple[ArmRow, ...]:
    """Return a row for each arm of the study, in its order."""
    return tuple(_row(collected, arm) for arm in collected.study.arm_names)


def _row(collected: Collected, arm: str) -> ArmRow:
    study = collected.study
    runs = collected.of_arm(arm)
    done = completed(runs)
    scores = collected.values(arm, study.metric)
    is_control = arm == study.control
    control = {} if is_control else collected.values(study.control, study.metric)
    differences = list(paired_differences(scores, control).values())
    beside = (*beside_the_score(study.metric), "inference_microseconds_per_sample")
    return ArmRow(
        arm=arm,
        is_control=is_control,
        runs=len(runs),
        completed=len(done),
        diverged=len(runs) - len(done),
        score=summarize(list(scores.values())),
        difference=mean(differences) if differences else None,
        pairs=len(differences),
        means={name: summarize(list(collected.values(arm, name).values())).mean for name in beside},
        parameters=max((run.result.parameters for run in runs), default=None),
        updates=median(run.result.updates for run in done) if done else None,
        train_seconds=_median(done, "train_seconds"),
    )


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


@dataclass(frozen=True)
class ClaimRow:
    """One claim of the study and the figures of its two arms."""

    claim: Claim
    better: Summary
    better_runs: int
    """Runs of that arm that count, diverged ones too."""
    than: Summary
    than_runs: int


def claim_rows(collected: Collected) -> tuple[ClaimRow, ...]:
    """Return a row for each claim, in the study's order."""

    def figures(arm: str, metric: str) -> tuple[Summary, int]:
        values = collected.values(arm, metric).values()
        return summarize(list(values)), len(collected.of_arm(arm))

    return tuple(
        ClaimRow(claim, *figures(claim.better, claim.on), *figures(claim.than, claim.on))
        for claim in collected.study.claims
    )
