"""The metrics that a result can hold, and the others in words."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ablations.errors import one_line
from ablations.ledger.records import MOST_METRIC

MOST_NAMED = 3
"""Of the metrics that a note names."""


def can_be_kept(value: float) -> bool:
    """Return whether a result can hold a number: a finite one, of at most ``MOST_METRIC``."""
    return math.isfinite(value) and abs(value) <= MOST_METRIC


def kept_metrics(
    found: Mapping[str, float], judged: str
) -> tuple[dict[str, float], str, tuple[str, ...]]:
    """Return the metrics that a result can hold, why the run diverged, and a note on the others.

    A NaN, an infinity or a number beyond ``MOST_METRIC`` is left out.  In ``judged``, the metric
    that answers the study, it is a divergence; in another it removes that number alone.
    """
    kept = {name: value for name, value in found.items() if can_be_kept(value)}
    lost = [f"{name} is {value:g}" for name, value in found.items() if name not in kept]
    divergence = f"{judged} is {found[judged]:g}" if judged in found.keys() - kept else ""
    others = [each for each in lost if each != divergence]
    if not others:
        return kept, divergence, ()
    more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
    named = one_line(", ".join(others[:MOST_NAMED]))
    note = f"{named}{more}: left out; a metric is a finite number of at most {MOST_METRIC:g}"
    return kept, divergence, (note,)
