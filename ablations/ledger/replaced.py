"""Finished runs that were replaced: each an archive, out of TensorBoard's sight, until cleaned.

A run is kept before its directory is cleared, under the fingerprint and the result of what it was:
interrupted in between, the same archive is written once more.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

from ablations.files import replacing
from ablations.ledger.paths import REPLACED, RunDirectory, RunsDirectory
from ablations.ledger.records import Result, UnreadableResultError, checksum, read_result
from ablations.study.metrics import METRICS


def keep(directory: RunDirectory) -> None:
    """Archive a run that is finished; one that failed, or has no result, is not worth it.

    Raises:
        OSError: the archive cannot be written; the run is as it was.
    """
    result = _finished(directory)
    if result is None:
        return
    archive = directory.replaced(result.fingerprint, _hash_of(result))
    archive.parent.mkdir(exist_ok=True)
    with replacing(archive) as stream, tarfile.open(fileobj=stream, mode="w") as tar:
        tar.add(directory.path, arcname=directory.path.name)


def _hash_of(result: Result) -> str:
    """Hash what a result says, but for times: a run that is trained again may give the same."""
    times = {name for name, metric in METRICS.items() if metric.unit in ("s", "µs")}
    metrics = {name: value for name, value in result.metrics.items() if name not in times}
    return checksum({"status": result.status, "metrics": metrics})


def keep_and_clear(directory: RunDirectory) -> None:
    """Archive a run that is finished, and remove what it was; its result goes first.

    Raises:
        OSError: the archive cannot be written; the run is as it was.
    """
    keep(directory)
    for path in (*directory.final, directory.metrics, *directory.events):
        path.unlink(missing_ok=True)


def is_worth_keeping(directory: RunDirectory) -> bool:
    """Whether the directory holds a finished run, of whatever recipe."""
    return _finished(directory) is not None


def _finished(directory: RunDirectory) -> Result | None:
    try:
        result = read_result(directory.result)
    except UnreadableResultError:
        return None
    return None if result.status == "failed" else result


def archives(runs: RunsDirectory, study: str | None = None) -> list[Path]:
    """Return the archives of one study, or of all, by path."""
    root = runs.root if study is None else runs.study(study)
    return sorted(root.glob(f"**/{REPLACED}/*.tar"))
