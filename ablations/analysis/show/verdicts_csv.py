"""``verdicts.csv``: a line for every arm, in the metric's own unit."""

from __future__ import annotations

import csv
import io
from typing import Any

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.inference import Inference
from ablations.analysis.infer.intervals import Interval
from ablations.analysis.infer.whole import Whole

COLUMNS = (
    "arm",
    "verdict",
    "flag",
    "n",
    "effect",
    "low",
    "high",
    "low_all",
    "high_all",
    "p",
    "p_corrected",
    "probability_of_improvement",
    "may_be_best",
)


def verdicts_csv(inference: Inference) -> str:
    """Return the CSV text, in the study's order; a number that there is none of is empty."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(arm) for arm in inference.arms)
    return stream.getvalue()


def whole_verdicts_csv(whole: Whole) -> str:
    """Return the CSV text for all parts, the setting that they differ in first."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, (whole.path, *COLUMNS), lineterminator="\n")
    writer.writeheader()
    for label, part in whole.parts.items():
        writer.writerows({whole.path: label, **_row(arm)} for arm in part.arms)
    return stream.getvalue()


def _row(arm: ArmSummary) -> dict[str, Any]:
    row: dict[str, Any] = {"arm": arm.arm, "may_be_best": "yes" if arm.may_be_best else "no"}
    comparison = arm.comparison
    if comparison is None:
        return {**row, "verdict": "control"}
    return {
        **row,
        "verdict": comparison.verdict,
        "flag": "unstable" if comparison.unstable else "",
        "n": comparison.n,
        "effect": comparison.effect,
        **_ends(comparison.interval, ""),
        **_ends(comparison.simultaneous, "_all"),
        "p": comparison.p,
        "p_corrected": comparison.p_corrected,
        "probability_of_improvement": comparison.probability_of_improvement,
    }


def _ends(interval: Interval | None, suffix: str) -> dict[str, float]:
    if interval is None:
        return {}
    return {f"low{suffix}": interval.low, f"high{suffix}": interval.high}
