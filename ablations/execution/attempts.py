"""The newest attempt of a run among its event files: a restart leaves the files of older ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ablations.errors import AblationsError
from ablations.ledger.event_records import read_events
from ablations.telemetry.event_reader import DamagedError, read_scalars


class UnreadableEventsError(AblationsError):
    """An event file is damaged, or cannot be read."""


@dataclass(frozen=True)
class _File:
    path: Path
    started: float
    first: Mapping[str, int]
    """Tag → the least step at which it is logged."""


@dataclass(frozen=True)
class Attempt:
    """The files that count, in the order in which they were begun."""

    files: tuple[Path, ...]
    left_out: tuple[Path, ...] = ()
    """Those of attempts that were given up."""
    ends: tuple[Mapping[str, int], ...] = ()
    """Of each file: tag → the step from which a later file goes on; empty where there is one."""

    def scalars(self) -> Iterator[tuple[int, str, float]]:
        """Yield step, tag and value of all scalars, in the order of the files.

        Raises:
            UnreadableEventsError: a file is damaged, or cannot be read.
        """
        for place, path in enumerate(self.files):
            ends = self.ends[place] if self.ends else {}
            for step, tag, value in _scalars(path):
                if tag not in ends or step < ends[tag]:
                    yield step, tag, value


def newest_attempt(files: Sequence[Path], metric_tags: Collection[str]) -> Attempt:
    """Return the newest attempt of a run; files are ordered by the time of their first event.

    A file that begins a scalar where an older one began it, or before, is of a restart: the older
    file is left out, whole.  One that begins it later goes on from the older file, which counts up
    to there.  Files without a scalar in common are of one attempt.  ``metric_tags``, the tags of
    what answers the study, decide where both files have one of them.

    Raises:
        UnreadableEventsError: a file is damaged, or cannot be read.
    """
    if len(files) == 1:
        return Attempt(tuple(files))
    kept: list[_File] = []
    for new in sorted(map(_file, files), key=lambda each: (each.started, each.path.name)):
        kept = [*(old for old in kept if not _restarts(new, old, metric_tags)), new]
    paths = tuple(file.path for file in kept)
    ends = tuple(_ends(file, kept[place + 1 :]) for place, file in enumerate(kept))
    return Attempt(paths, tuple(path for path in files if path not in paths), ends)


def _restarts(new: _File, old: _File, metric_tags: Collection[str]) -> bool:
    shared = new.first.keys() & old.first.keys()
    deciding = shared & set(metric_tags) or shared
    if not deciding:
        return False
    return min(new.first[tag] for tag in deciding) <= min(old.first[tag] for tag in deciding)


def _ends(file: _File, later: Sequence[_File]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for each in later:
        for tag in file.first.keys() & each.first.keys():
            found[tag] = min(each.first[tag], found.get(tag, each.first[tag]))
    return found


def _file(path: Path) -> _File:
    first: dict[str, int] = {}
    for step, tag, _ in _scalars(path):
        first[tag] = min(step, first.get(tag, step))
    return _File(path, next((event.wall_time for event in read_events(path)), 0.0), first)


def _scalars(path: Path) -> Iterator[tuple[int, str, float]]:
    try:
        yield from read_scalars(path)
    except DamagedError as error:
        raise UnreadableEventsError(f"{path}: {error}; wants whole event files") from None
    except OSError as error:
        raise UnreadableEventsError(f"{path}: {error.strerror}") from None
