"""What stands beside the runs of a study: its HParams experiment, layout, bands and report."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ablations.files import UNFINISHED, make_directory, sync
from ablations.ledger.paths import EVENTS_PREFIX
from ablations.ledger.records import Epoch
from ablations.study.metrics import epoch_metric
from ablations.study.schema import Study
from ablations.telemetry import hparams, tags
from ablations.telemetry.event_file import EventFile
from ablations.telemetry.layout import band_layout
from ablations.telemetry.summaries import Value, scalar, text

CONFIDENCE = 0.95
BAND = ".band"


def write_study(directory: Path, study: Study) -> None:
    """Write the experiment and the layout, in place of what an earlier version wrote."""
    _replace(directory, ".study", [(0, [hparams.experiment(study), band_layout(study)])])


def write_report(directory: Path, markdown: str) -> None:
    """Write the report's text for the Text dashboard."""
    _replace(directory, ".report", [(0, [text(tags.REPORT_TEXT, markdown)])])


def write_bands(directory: Path, histories: Sequence[Sequence[Epoch]]) -> None:
    """Write an arm's mean and 95% interval over seeds at each epoch that all seeds reached.

    The interval is Student's t on the seeds' values; with one seed it is the value itself.
    """
    epochs = zip(*histories, strict=False)  # ends with the shortest history
    records = [(int(lines[0]["epoch"] or 0), list(_band_points(lines))) for lines in epochs]
    _replace(directory, BAND, records)


def _band_points(lines: Sequence[Epoch]) -> Iterator[Value]:
    """Yield the band of each metric that every seed measured in one epoch; one line a seed."""
    for metric in _banded(lines[0]):
        values = [value for line in lines if (value := line.get(metric)) is not None]
        if len(values) == len(lines):
            mean, half = _interval(values)
            yield scalar(tags.band(metric, "mean"), mean)
            yield scalar(tags.band(metric, "lower"), mean - half)
            yield scalar(tags.band(metric, "upper"), mean + half)


def _banded(line: Epoch) -> Iterator[str]:
    for name in line:
        metric = epoch_metric(name)
        if metric is not None and metric.banded:
            yield name


def _interval(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and half width of Student's interval."""
    if len(values) == 1:
        return values[0], 0.0
    from scipy.special import stdtrit

    error = np.std(values, ddof=1) / np.sqrt(len(values))
    half = stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2) * error
    return float(np.mean(values)), float(half)


def bands_in(directory: Path) -> list[Path]:
    """Return the files that ``write_bands`` left: one, or none where there was no epoch."""
    return sorted(directory.glob(f"{EVENTS_PREFIX}*{BAND}"))


def _replace(directory: Path, suffix: str, records: Sequence[tuple[int, list[Value]]]) -> None:
    make_directory(directory)
    old = list(directory.glob(f"{EVENTS_PREFIX}*{suffix}"))
    if records:
        with EventFile(directory, f"{suffix}{UNFINISHED}", prefix="") as events:
            for step, values in records:
                events.write(step, *values)
        sync(events.path)
        name = f"{EVENTS_PREFIX}{events.path.name.removesuffix(UNFINISHED)}"
        os.replace(events.path, directory / name)
    for path in old:
        path.unlink(missing_ok=True)  # another runner may have
    sync(directory)
