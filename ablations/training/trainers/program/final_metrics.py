"""What a user's own trainer leaves at its end: a flat mapping of numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ablations.errors import TrainerError, one_line, suggest
from ablations.files import read_bounded
from ablations.ledger.kept_metrics import MOST_NAMED, kept_metrics
from ablations.ledger.paths import FINAL_METRICS, RunDirectory
from ablations.ledger.records import MOST_RESULT_BYTES
from ablations.study.frozen import show

MOST_METRICS = 1_000
EXAMPLE = '{"error": 0.1}'
LEFT_NOTHING = (
    f"it left no {FINAL_METRICS} in {{directory}}; wants a flat mapping of metrics there, such as "
    f"{EXAMPLE}"
)


@dataclass(frozen=True)
class FinalMetrics:
    """The numbers, and whether the metric that answers the study is among them."""

    finite: Mapping[str, float]
    divergence: str
    """Why the run diverged: that metric is not finite; empty where it did not."""
    notes: tuple[str, ...] = ()
    """What was left out."""

    def only(self, name: str) -> FinalMetrics:
        """Return these with one number alone."""
        return replace(self, finite={n: v for n, v in self.finite.items() if n == name})


def read_final_metrics(directory: RunDirectory, metric: str) -> FinalMetrics:
    """Return what ``final.json`` holds, ``metric`` among it.

    Raises:
        TrainerError: there is none, or it is no such mapping; says what is wrong.
    """
    try:
        content = read_bounded(directory.final_metrics, MOST_RESULT_BYTES)
    except FileNotFoundError:
        raise TrainerError(LEFT_NOTHING) from None
    except OSError as error:
        raise TrainerError(f"{FINAL_METRICS}: {error.strerror}") from None
    try:
        return checked(json.loads(content), FINAL_METRICS, metric)
    except (ValueError, RecursionError) as error:
        raise TrainerError(f"{FINAL_METRICS}: not JSON: {error}") from None


def checked(found: Any, where: str, metric: str) -> FinalMetrics:
    """Return the final metrics in ``found``; see ``read_final_metrics``.

    What is no number, or none that is finite, is left out and noted, unless it is ``metric``.
    """
    wanted = f"wants a flat mapping of numbers, such as {EXAMPLE}"
    if not isinstance(found, Mapping):
        raise TrainerError(f"{where}: {wanted}, got {show(found)}")
    if len(found) > MOST_METRICS:
        raise TrainerError(f"{where}: {len(found)} metrics; wants at most {MOST_METRICS}")
    numbers: dict[str, float] = {}
    others: list[str] = []
    for name, value in found.items():
        number = number_in(value)
        if not isinstance(name, str) or (number is None and name == metric):
            raise TrainerError(f"{where}: {show(name)}: {wanted}, got {show(value)}")
        if number is None:
            others.append(name)
        else:
            numbers[name] = number
    if metric and metric not in numbers:
        raise TrainerError(
            f'{where}: no metric "{metric}", by which the study compares; '
            f"{suggest(metric, numbers)}"
        )
    finite, divergence, lost = kept_metrics(numbers, metric)
    notes = (*_left_out(where, others), *(f"{where}: {note}" for note in lost))
    return FinalMetrics(finite, divergence, notes)


def _left_out(where: str, names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    shown = one_line(", ".join(names[:MOST_NAMED]))
    return (f"{where}: {shown}{more}: left out, as not a number",)


def number_in(value: Any) -> float | None:
    """Return a number, or what holds one such as a tensor of no dimension; None where none is."""
    if isinstance(value, (str, bytes, bool, Mapping, list, tuple)) or value is None:
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf
    except Exception:  # whatever a user's own type does
        return None
