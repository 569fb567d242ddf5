"""An arm's mean and interval over its seeds, epoch by epoch; and which arms a close-up shows.

A chart's scale is that of all that it draws: where one arm is far off, or all rise from nothing,
bands are thinner than a line.  So each metric has a close-up beside its whole chart: the second
half of training, of the best arms, as many as leave the bands some width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from ablations.ledger.lines import by_step
from ablations.ledger.records import Epoch
from ablations.study.metrics import epoch_metric
from ablations.study.schema import Study

CONFIDENCE = 0.95
COUNTS = ("epoch", "updates")
"""Keys of a line of ``metrics.jsonl`` that are no metric."""
WIDEST = 25.0
"""How many bands, in their full width, a close-up may be high: each is 4% of it or more."""


@dataclass(frozen=True)
class EpochBand:
    """An arm's metrics over its seeds after one epoch."""

    epoch: int
    intervals: Mapping[str, tuple[float, float]]
    """Metric that every seed measured after it → mean, and half the width of its interval."""


Bands = Sequence[EpochBand]
"""The epochs at which all seeds of an arm measured something, in order."""


def bands_of(histories: Sequence[Sequence[Epoch]]) -> Bands:
    """Return Student's 95% interval over the seeds, a history each; of one, the value itself.

    Seeds are aligned by epoch, as in the report's curves: an epoch that some seed lacks has no
    band, as its mean would be over the survivors.
    """
    by_seed = [by_step(history) for history in histories]
    shared = sorted(set.intersection(*map(set, by_seed))) if by_seed else []
    bands = [EpochBand(n, _intervals([of_seed[n] for of_seed in by_seed])) for n in shared]
    return [band for band in bands if band.intervals]


def _intervals(lines: Sequence[Epoch]) -> dict[str, tuple[float, float]]:
    found = {}
    for metric in filter(_is_banded, lines[0]):
        logged = (line.get(metric) for line in lines)
        values = [value for value in logged if isinstance(value, (int, float))]
        if len(values) == len(lines):
            found[metric] = _interval(values)
    return found


def _is_banded(name: str) -> bool:
    """Whether a band is drawn: of what is declared so, and of all that a user's trainer logs."""
    metric = epoch_metric(name)
    return metric.banded if metric is not None else name not in COUNTS


def _interval(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and half width of Student's interval."""
    if len(values) == 1:
        return values[0], 0.0
    from scipy.special import stdtrit

    error = np.std(values, ddof=1) / np.sqrt(len(values))
    half = stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2) * error
    return float(np.mean(values)), float(half)


def is_close(epoch: int, last: int) -> bool:
    """Whether an epoch is in the half of training that a close-up shows."""
    return 2 * epoch >= last


def close_ups(study: Study, bands: Mapping[str, Bands]) -> dict[str, list[str]]:
    """Return each metric that some arm has a band of → the arms that its close-up shows."""
    names = {name: None for of_arm in bands.values() for band in of_arm for name in band.intervals}
    return {name: arms_close_up(bands, name, is_better_higher(study, name)) for name in names}


def is_better_higher(study: Study, name: str) -> bool:
    """Whether the arm is best whose curve of a metric ends highest, as declared; else lowest."""
    declared, known = epoch_metric(name), study.known_metrics
    of_test = f"test_{name.removeprefix('train_').removeprefix('validation_')}"
    found = (declared, known.get(name), known.get(of_test))
    return next((m.better for m in found if m and m.better), "lower") == "higher"


def arms_close_up(bands: Mapping[str, Bands], metric: str, higher: bool = True) -> list[str]:
    """Return the arms that the close-up of a metric shows, the best first.

    From the best one on, as long as all that they reach in the second half of training is no more
    than ``WIDEST`` bands high; where an arm has one seed, none.
    """
    shown: list[str] = []
    heights: list[float] = []
    ranges: list[tuple[float, float]] = []
    for arm in _best_first(bands, metric, higher):
        last = bands[arm][-1].epoch
        close = [band for band in bands[arm] if metric in band.intervals]
        found = [band.intervals[metric] for band in close if is_close(band.epoch, last)]
        heights.append(2 * median(half for _, half in found))
        ranges += [(mean - half, mean + half) for mean, half in found]
        height = max(high for _, high in ranges) - min(low for low, _ in ranges)
        if shown and height > WIDEST * median(heights):
            break
        shown.append(arm)
    return shown if heights and median(heights) > 0 else []


def _best_first(bands: Mapping[str, Bands], metric: str, higher: bool) -> list[str]:
    ends = {
        arm: of_arm[-1].intervals[metric][0]
        for arm, of_arm in bands.items()
        if of_arm and metric in of_arm[-1].intervals
    }
    return sorted(ends, key=lambda arm: ends[arm], reverse=higher)
