"""``verdicts.csv``: a line for every arm, in the metric's own unit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
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
    "replicates",
)


def verdicts_csv(inference: Inference) -> str:
    """Return the CSV text, in the study's order; a number that there is none of is empty."""
    return _text(COLUMNS, (_row(arm, inference) for arm in inference.arms))


def whole_verdicts_csv(whole: Whole) -> str:
    """Return the CSV text for all parts, the setting that they differ in first."""
    rows = (
        {whole.path: label, **_row(arm, part)}
        for label, part in whole.parts.items()
        for arm in part.arms
    )
    return _text((whole.path, *COLUMNS), rows)


def _text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _row(arm: ArmSummary, inference: Inference) -> dict[str, Any]:
    row: dict[str, Any] = {
        "arm": arm.arm,
        "may_be_best": "yes" if arm.may_be_best else "no",
        "replicates": inference.replicates,
    }
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
