"""What the numbers rest on: how many runs count, what is left out, and where runs were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ablations.analysis.read.collect import Collected
from ablations.study.settings import flatten, short


@dataclass(frozen=True)
class RunCounts:
    """How many runs count, and how many do not."""

    counted: int
    diverged: int
    """Of those that count."""
    left_out: Mapping[str, int]
    """Kind → runs that do not count, trials of the search among them."""


def run_counts(collected: Collected) -> RunCounts:
    """Return how many runs count, and how many do not."""
    counted = [run for run in collected.runs if run.counts]
    left_out: Counter[str] = Counter()
    for entry in collected.left_out:
        left_out[entry.kind] += max(1, len(entry.seeds))
    diverged = sum(run.result.status == "diverged" for run in counted)
    return RunCounts(len(counted), diverged, dict(left_out))


def environments(collected: Collected) -> dict[str, dict[str, int]]:
    """Return what each run that counts recorded of its machine: key → value → runs."""
    values: dict[str, Counter[str]] = {}
    for run in collected.runs:
        if run.counts:
            for key, value in flatten(run.result.environment).items():
                shown = value if isinstance(value, str) else short(value)
                values.setdefault(key, Counter())[shown] += 1
    return {key: dict(sorted(values[key].items())) for key in sorted(values)}
