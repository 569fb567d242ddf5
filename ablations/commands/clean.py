"""``ablations clean``: show, and after a yes delete, what was replaced, and shared stages."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from ablations.errors import RunsDirectoryError
from ablations.ledger.lock import HeldError, hold, is_held
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.replaced import archives


def clean(study: str | None, runs: Path, yes: bool) -> None:
    """Delete what was replaced of one study, or of all, and then the stages that no run trains.

    ``yes`` does not ask.

    Raises:
        RunsDirectoryError: something cannot be deleted.
    """
    root = RunsDirectory(runs)
    replaced = archives(root, study)
    stages = [] if study else [path for path in root.stages() if not is_held(path)]
    if not replaced and not stages:
        print("nothing was replaced")
        return
    _delete(replaced, "replaced run", yes)
    _delete(stages, "shared stage", yes)


def _delete(paths: list[Path], what: str, yes: bool) -> None:
    if not paths:
        return
    for path in paths:
        print(f"{path}  {_size(_bytes(path))}")
    count = f"{len(paths)} {what}{'' if len(paths) == 1 else 's'}"
    if not (yes or click.confirm(f"delete {count}, {_size(sum(map(_bytes, paths)))}?")):
        print("kept")
        return
    for path in paths:
        try:
            if path.is_dir():
                with hold(path):
                    shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except HeldError:
            print(f"{path}: kept, as a run trains it by now")
        except OSError as error:
            raise RunsDirectoryError(f"{path}: {error.strerror}") from None
    print(f"deleted {count}")


def _bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.0f} kB"
