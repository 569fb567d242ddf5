"""What stands beside the runs of a study: its HParams experiment, layout, bands and report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ablations.ledger.paths import EVENTS_PREFIX
from ablations.ledger.records import Epoch
from ablations.study.schema import Study
from ablations.telemetry import hparams, tags
from ablations.telemetry.events import EventWriter, Value, scalar, text
from ablations.telemetry.layout import band_layout

CONFIDENCE = 0.95


def write_study(directory: Path, study: Study) -> None:
    """Write the experiment and the layout, in place of what an earlier version wrote."""
    _replace(directory, ".study", [(0, [hparams.experiment(study), band_layout()])])


def write_report(directory: Path, markdown: str) -> None:
    """Write the report's text for the Text dashboard."""
    _replace(directory, ".report", [(0, [text("report", markdown)])])


def write_bands(directory: Path, histories: Sequence[Sequence[Epoch]]) -> None:
    """Write an arm's mean and 95% interval over seeds at each epoch that all seeds reached.

    The interval is Student's t on the seeds' values; with one seed it is the value itself.
    """
    from scipy.special import stdtrit

    steps = min((len(history) for history in histories), default=0)
    records: list[tuple[int, list[Value]]] = []
    for place in range(steps):
        values: list[Value] = []
        for metric in tags.BANDS:
            found = [history[place].get(metric) for history in histories]
            numbers = np.array([number for number in found if number is not None])
            if len(numbers) < len(histories):
                continue
            mean, half = numbers.mean(), 0.0
            if len(numbers) > 1:
                error = numbers.std(ddof=1) / np.sqrt(len(numbers))
                half = stdtrit(len(numbers) - 1, (1 + CONFIDENCE) / 2) * error
            for part, value in (("mean", mean), ("lower", mean - half), ("upper", mean + half)):
                values.append(scalar(tags.band(metric, part), float(value)))
        records.append((int(histories[0][place]["epoch"] or 0), values))
    _replace(directory, ".band", records)


def _replace(directory: Path, suffix: str, records: list[tuple[int, list[Value]]]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    old = list(directory.glob(f"{EVENTS_PREFIX}*{suffix}"))
    if records:
        with EventWriter(directory, suffix) as events:
            for step, values in records:
                events.write(step, *values)
    for path in old:
        path.unlink()
