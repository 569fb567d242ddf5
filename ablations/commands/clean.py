"""``ablations clean``: show, and after a yes delete, the runs that were replaced."""

from __future__ import annotations

from pathlib import Path

import click

from ablations.errors import RunsDirectoryError
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.replaced import archives


def clean(study: str | None, runs: Path, yes: bool) -> None:
    """Delete what was replaced of one study, or of all; ``yes`` does not ask.

    Raises:
        RunsDirectoryError: an archive cannot be deleted.
    """
    found = archives(RunsDirectory(runs), study)
    if not found:
        print("nothing was replaced")
        return
    for path in found:
        print(f"{path}  {_size(path.stat().st_size)}")
    count = "1 replaced run" if len(found) == 1 else f"{len(found)} replaced runs"
    total = _size(sum(path.stat().st_size for path in found))
    if not (yes or click.confirm(f"delete {count}, {total}?")):
        print("kept")
        return
    for path in found:
        try:
            path.unlink()
        except OSError as error:
            raise RunsDirectoryError(f"{path}: {error.strerror}") from None
    print(f"deleted {count}")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.0f} kB"
