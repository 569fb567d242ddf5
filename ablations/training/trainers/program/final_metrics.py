"""What a user's own trainer leaves at its end: a flat mapping of numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ablations.errors import TrainerError, suggest
from ablations.files import read_bounded
from ablations.ledger.paths import FINAL_METRICS, RunDirectory
from ablations.ledger.records import MOST_METRIC, MOST_RESULT_BYTES
from ablations.study.frozen import show

MOST_METRICS = 1_000


@dataclass(frozen=True)
class FinalMetrics:
    """The numbers, and whether all of them are."""

    finite: Mapping[str, float]
    divergence: str
    """Why the run diverged; empty where it did not."""

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
        raise TrainerError(f"it left no {FINAL_METRICS}") from None
    except OSError as error:
        raise TrainerError(f"{FINAL_METRICS}: {error.strerror}") from None
    try:
        return checked(json.loads(content), FINAL_METRICS, metric)
    except (ValueError, RecursionError) as error:
        raise TrainerError(f"{FINAL_METRICS}: not JSON: {error}") from None


def checked(found: Any, where: str, metric: str) -> FinalMetrics:
    """Return the final metrics in ``found``; see ``read_final_metrics``."""
    wanted = 'wants a flat mapping of numbers, such as {"error": 0.1}'
    if not isinstance(found, Mapping):
        raise TrainerError(f"{where}: {wanted}, got {show(found)}")
    if len(found) > MOST_METRICS:
        raise TrainerError(f"{where}: {len(found)} metrics; wants at most {MOST_METRICS}")
    numbers: dict[str, float] = {}
    for name, value in found.items():
        number = number_in(value)
        if not isinstance(name, str) or number is None:
            raise TrainerError(f"{where}: {show(name)}: {wanted}, got {show(value)}")
        numbers[name] = number
    if metric and metric not in numbers:
        raise TrainerError(
            f'{where}: no metric "{metric}", by which the study compares; '
            f"{suggest(metric, numbers)}"
        )
    finite = {name: value for name, value in numbers.items() if _counts(value)}
    others = [f"{name} is {value:g}" for name, value in numbers.items() if name not in finite]
    return FinalMetrics(finite, "; ".join(others))


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


def _counts(value: float) -> bool:
    return math.isfinite(value) and abs(value) <= MOST_METRIC
