"""``results.csv``: a line for every result found, whatever became of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from typing import Any

from ablations.analysis.read.collect import Collected, RecordedRun

_LEADING = ("study", "arm", "seed", "status", "reason", "stale")
_COUNTS = ("epochs", "best_epoch", "updates", "parameters")
_SECONDS = ("compile", "train", "total")


def _columns(collected: Collected) -> tuple[str, ...]:
    seconds = (f"seconds_{part}" for part in _SECONDS)
    return (*_LEADING, *_COUNTS, *collected.study.known_metrics, *seconds, "data", "fingerprint")


def runs_csv(collected: Collected) -> str:
    """Return the CSV text, in the study's order of arms, then by seed.

    ``stale`` is true for every result that is not one of the study as it stands: stale, of another
    study, or of an arm that is gone.  A result that cannot be read has the status ``unreadable``.
    """
    arms = {arm: position for position, arm in enumerate(collected.study.arm_names)}
    columns, metrics = _columns(collected), collected.study.known_metrics
    rows = [_row(collected.name, run, metrics) for run in collected.runs]
    for entry in collected.left_out:
        if entry.kind == "unreadable":
            known = {"study": collected.name, "arm": entry.arm, "status": "unreadable"}
            rows += [{**known, "seed": seed, "reason": entry.reason} for seed in entry.seeds]
    rows.sort(key=lambda row: (arms.get(row["arm"], len(arms)), row["arm"], row["seed"]))
    others = dict.fromkeys(name for run in collected.runs for name in run.result.metrics)
    extra = [name for name in others if name not in columns]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, (*columns, *extra), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _row(study: str, run: RecordedRun, metrics: Collection[str]) -> dict[str, Any]:
    result = run.result
    return {
        "study": study,
        "arm": run.arm,
        "seed": run.seed,
        "status": result.status,
        "reason": result.reason,
        "stale": "false" if run.current else "true",
        **{name: getattr(result, name) for name in _COUNTS},
        **{name: run.value(name) for name in metrics},
        **{f"seconds_{part}": result.seconds.get(part) for part in _SECONDS},
        "data": result.data_digest,
        "fingerprint": result.fingerprint,
        **{name: value for name, value in result.metrics.items() if name not in metrics},
    }
