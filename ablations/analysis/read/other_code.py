"""Detect runs of other code than the control's: no arm is compared across versions of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ablations.analysis.read.left_out import LeftOut
from ablations.analysis.read.recorded_run import RecordedRun
from ablations.ledger.standing import Cause, files_changed
from ablations.own_files import EDITED


def of_other_code(runs: Iterable[RecordedRun], control: str) -> list[tuple[RecordedRun, str]]:
    """Return the runs of other code than the control's, each with the first file that tells.

    The digest of each file is that of most runs of the control, or of most runs where the control
    does not have the file; of as many, those that finished last count.  A file that was edited as a
    run trained has no digest, so that run is left out.
    """
    runs = list(runs)
    versions: dict[str, list[RecordedRun]] = {}
    for run in runs:
        for name in run.result.made_of:
            versions.setdefault(name, []).append(run)
    wanted = {name: _version(name, of, control) for name, of in versions.items()}
    others = []
    for run in runs:
        made_of = run.result.made_of.items()
        file = next((name for name, of in made_of if of == EDITED or of != wanted[name]), "")
        others += [(run, file)] if file else []
    return others


def _version(name: str, runs: Sequence[RecordedRun], control: str) -> str:
    """Return the digest of a file that counts."""
    of_control = [run for run in runs if run.arm == control]
    known = [run for run in of_control or runs if run.result.made_of[name] != EDITED]
    counts = Counter(run.result.made_of[name] for run in known)
    latest: dict[str, str] = {}
    for run in known:
        digest = run.result.made_of[name]
        latest[digest] = max(latest.get(digest, ""), run.result.finished_at)
    return max(counts, key=lambda digest: (counts[digest], latest[digest]), default="")


def why(run: RecordedRun, file: str, control: str) -> str:
    """Return why a run is left out."""
    if run.result.made_of[file] == EDITED:
        return f"{file} was edited while the run trained, so its version is not known"
    others = "most runs of the control" if run.arm == control else "the control's runs"
    return f"made of another version of {file} than {others}"


def with_files(left_out: Iterable[LeftOut], runs: Sequence[RecordedRun]) -> list[LeftOut]:
    """Return what is left out; of stale runs with the files that runs which count have otherwise.

    An entry is of one run.
    """
    now = {name: of for run in runs if run.counts for name, of in run.result.made_of.items()}
    stale = {(run.arm, run.seed): run for run in runs if run.standing.cause is Cause.CHANGED}

    def named(entry: LeftOut) -> LeftOut:
        run = stale.get((entry.arm, entry.seeds[0])) if entry.seeds else None
        then = run.result.made_of if run and entry.kind == "stale" else {}
        files = [name for name, of in then.items() if name in now and now[name] != of]
        return replace(entry, reason=files_changed(files)) if files else entry

    return [named(entry) for entry in left_out]
