"""``curves.csv``: the learning curves, a line for every arm, metric and epoch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from ablations.analysis.infer.curves import ArmCurves
from ablations.analysis.infer.inference import Inference

COLUMNS = ("arm", "metric", "epoch", "n", "mean", "low", "high")
"""``metric`` is a key of ``metrics.jsonl``; ``mean`` is over ``n`` completed runs, ``low`` and
``high`` are the ends of Student's 95% interval of it, empty where n < 2."""


def curves_csv(inference: Inference) -> str:
    """Return the CSV text, in the study's order of arms; numbers in the metrics' own units."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for arm in inference.curves:
        writer.writerows(_rows(arm))
    return stream.getvalue()


def _rows(arm: ArmCurves) -> Iterator[tuple[Any, ...]]:
    for metric, curve in arm.curves.items():
        for epoch, mean, band in zip(curve.epochs, curve.means, curve.intervals, strict=True):
            ends = (band.low, band.high) if band else (None, None)
            yield (arm.arm, metric, epoch, curve.n, mean, *ends)
