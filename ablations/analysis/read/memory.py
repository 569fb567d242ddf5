"""What was read of a study, so that a reader that comes again reads only what has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ablations.analysis.read.layers import LayerHistory, read_layers
from ablations.analysis.read.recorded_run import RecordedRun
from ablations.files import Stamp, stamp_of
from ablations.ledger.paths import RunDirectory
from ablations.ledger.records import Epoch, Result, read_history
from ablations.ledger.standing import Cause, Standing, State, classify
from ablations.study.expand import Run, expand_trials
from ablations.study.schema import Study


class Memory:
    """One study's record, standings and histories, each with the stamp of the file it is from.

    A finished run is classified again when its result is another file, a history is read again
    when its file has grown.  Everything else is looked at each time: an unfinished run may have
    become anything.
    """

    def __init__(self, within: Path | None = None) -> None:
        """``within`` is a directory that no link may lead out of; None follows them all."""
        self._within = within.resolve() if within else None
        self._record: tuple[Stamp, Study] | None = None
        self._trials: tuple[Study, tuple[Run, ...]] | None = None
        self._standings: dict[Path, tuple[Stamp, Standing]] = {}
        self._recorded: dict[Path, tuple[tuple[Stamp, Stamp], RecordedRun]] = {}
        self._histories: dict[Path, tuple[Stamp, list[Epoch]]] = {}
        self._layers: dict[Path, tuple[Stamp, LayerHistory]] = {}

    def record(self, path: Path, read: Callable[[], Study]) -> Study:
        """Return the study that ``path`` records."""
        stamp = stamp_of(path)
        if self._record is None or stamp is None or self._record[0] != stamp:
            self._record = stamp, read()
        return self._record[1]

    def trials(self, study: Study) -> tuple[Run, ...]:
        """Return the runs of a study's searches, the same ones for the same study."""
        if self._trials is None or self._trials[0] is not study:
            self._trials = study, expand_trials(study)
        return self._trials[1]

    def standing(self, run: Run, directory: RunDirectory) -> Standing:
        """Return what a run's directory says of it."""
        if out := self.leading_out(*_read_of(directory)):
            reason = f"{out.name} is a link that leads out of the log directory"
            return Standing(run, directory, State.STALE, Cause.UNREADABLE, reason=reason)
        stamp, known = stamp_of(directory.result), self._standings.get(directory.path)
        if known and known[0] == stamp and known[1].finished and _is_same(known[1].run, run):
            return known[1]
        standing = classify(run, directory, None, own_files=False)
        self._standings[directory.path] = stamp, standing
        return standing

    def recorded(self, standing: Standing, result: Result, declared: bool) -> RecordedRun:
        """Return a run with its result; its history is read when it is asked for."""
        path, directory = standing.directory.path, standing.directory
        stamp = (stamp_of(directory.metrics), stamp_of(directory.layers))
        known = self._recorded.get(path)
        if known and known[0] == stamp:
            run = known[1]
            if run.standing is standing and run.declared == declared:
                return run
        run = RecordedRun(standing, result, declared)
        self._recorded[path] = stamp, run
        return run

    def history(self, directory: RunDirectory) -> list[Epoch]:
        """Return the epochs of a run that may still be trained."""
        path = directory.metrics
        if self.leading_out(path):
            return []
        stamp, known = stamp_of(path), self._histories.get(path)
        if known is None or stamp is None or known[0] != stamp:
            known = stamp, read_history(path)
            self._histories[path] = known
        return known[1]

    def layers(self, directory: RunDirectory) -> LayerHistory:
        """Return the layers of a run that may still be trained."""
        path = directory.layers
        if self.leading_out(path):
            return LayerHistory()
        stamp, known = stamp_of(path), self._layers.get(path)
        if known is None or stamp is None or known[0] != stamp:
            known = stamp, read_layers(path)
            self._layers[path] = known
        return known[1]

    def leading_out(self, *paths: Path) -> Path | None:
        """Return the first path that is a link out of the directory; None where none is."""
        for path in paths if self._within else ():
            if path.is_symlink() and not path.resolve().is_relative_to(self._within or path):
                return path
        return None


def _read_of(directory: RunDirectory) -> tuple[Path, ...]:
    """Return the files of a run that its numbers are read from."""
    return directory.result, directory.metrics, directory.correct, directory.layers


def _is_same(known: Run, run: Run) -> bool:
    """Whether two runs are one, of the same study: its recipes are then the same objects."""
    return known.recipe is run.recipe and known.provisional == run.provisional
