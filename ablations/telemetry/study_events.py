"""What stands beside the runs of a study: its HParams experiment, layout, bands and report."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from ablations.files import UNFINISHED, make_directory, stamp_of, sync
from ablations.ledger.paths import EVENTS_PREFIX
from ablations.study.schema import Study
from ablations.telemetry import hparams, tags
from ablations.telemetry.bands import Bands, EpochBand, is_close
from ablations.telemetry.event_file import EventFile
from ablations.telemetry.layout import band_layout
from ablations.telemetry.summaries import Value, image, scalar, text

BAND, ANSWER, LAYOUT = ".band", ".answer", ".layout"


def write_study(directory: Path, study: Study) -> None:
    """Write the experiment, in place of what an earlier version wrote."""
    _replace(directory, ".study", [(0, [hparams.experiment(study)])])


def write_layout(
    directory: Path, study: Study, banded: Sequence[str], close: Collection[str]
) -> None:
    """Write the layout of the charts of bands; none where no metric has any.

    ``banded`` names the metrics that have bands in some arm's summary, ``close`` a close-up.
    """
    records = [(0, [band_layout(study, banded, close)])] if banded else []
    _replace(directory, LAYOUT, records)


def write_answer(directory: Path, markdown: str) -> None:
    """Write the study's answer for the Text dashboard, unless it is there as it is."""
    answer, written = text(tags.ANSWER_TEXT, markdown), directory.glob(f"{EVENTS_PREFIX}*{ANSWER}")
    if not any(answer.SerializeToString() in path.read_bytes() for path in written):
        _replace(directory, ANSWER, [(0, [answer])])


def write_report(directory: Path, markdown: str, figures: Mapping[str, bytes]) -> None:
    """Write the report's text for the Text dashboard, and its figures: name → PNG."""
    images = [image(tags.figure(name), png) for name, png in figures.items()]
    _replace(directory, ".report", [(0, [text(tags.REPORT_TEXT, markdown), *images])])


def write_bands(
    directory: Path, bands: Bands, close: Collection[str] = (), position: int = 0
) -> None:
    """Write an arm's mean and 95% interval over seeds, and its mean among the runs' curves.

    ``close`` names the metrics in whose close-up the arm is shown, ``position`` is the arm's in
    the study: TensorBoard lists the summaries in this order, before all runs.
    """
    records = [(band.epoch, list(_band_points(band, bands, close))) for band in bands]
    _replace(directory, BAND, records, started=1.0 + position)


def _band_points(band: EpochBand, bands: Bands, close: Collection[str]) -> Iterator[Value]:
    for metric, (mean, half) in band.intervals.items():
        yield scalar(tags.own([metric])[metric], mean)
        named = [tags.band]
        if metric in close and is_close(band.epoch, bands[-1].epoch):
            named.append(tags.close_up)
        for tag in named:
            yield scalar(tag(metric, "mean"), mean)
            yield scalar(tag(metric, "lower"), mean - half)
            yield scalar(tag(metric, "upper"), mean + half)


def bands_in(directory: Path) -> list[Path]:
    """Return the files that ``write_bands`` left: one, or none where there was no epoch."""
    return sorted(directory.glob(f"{EVENTS_PREFIX}*{BAND}"))


def _replace(
    directory: Path,
    suffix: str,
    records: Sequence[tuple[int, list[Value]]],
    started: float | None = None,
) -> None:
    make_directory(directory)
    old = list(directory.glob(f"{EVENTS_PREFIX}*{suffix}"))
    if records:
        name = f"{suffix}{UNFINISHED}"
        with EventFile(directory, name, prefix="", started=started) as events:
            for step, values in records:
                events.write(step, *values)
        sync(events.path)
        name = f"{EVENTS_PREFIX}{events.path.name.removesuffix(UNFINISHED)}"
        os.replace(events.path, directory / name)
        # Of runners that write at once each sees what the others wrote: the newest file stays.
        old = sorted(directory.glob(f"{EVENTS_PREFIX}*{suffix}"), key=_age)[:-1]
    for path in old:
        path.unlink(missing_ok=True)  # another runner may have
    sync(directory)


def _age(path: Path) -> tuple[int, str]:
    """Return what sorts files by the time they were written; one that is gone is the oldest."""
    stamp = stamp_of(path)
    return (stamp[0] if stamp else 0), path.name
