"""Train one small study again and again, each time killed at another point of its work on files.

A program of its own: TensorFlow is imported once, and each attempt is a fork of that, so that a
kill is a kill.  It prints a line of JSON for each point.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

CALLS = ("fsync", "replace", "unlink", "truncate", "mkdir", "rmdir")
KILLED = 9


class Points:
    """Counts what is done with files, and ends the process before one of it.

    After one is before the next: the disk is the same.
    """

    def __init__(self, kill_at: int | None) -> None:
        self.count, self._kill_at = 0, kill_at
        for name in CALLS:
            setattr(os, name, self.counted(getattr(os, name)))
        io_open, fdopen = io.open, os.fdopen
        os.fdopen = lambda *rest, **named: self._watched(fdopen(*rest, **named))  # type: ignore[assignment]
        io.open = lambda *rest, **named: self._watched(io_open(*rest, **named))  # type: ignore[assignment]

    def counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*rest: Any, **named: Any) -> Any:
            if self.count == self._kill_at:
                os._exit(KILLED)
            self.count += 1
            return function(*rest, **named)

        return call

    def _watched(self, stream: Any) -> Any:
        return _Watched(stream, self) if stream.writable() else stream


class _Watched:
    """A file each of whose writes is a point; what was written is with the system at once."""

    def __init__(self, stream: Any, points: Points) -> None:
        self._stream = stream
        self.write = points.counted(self._write)

    def _write(self, content: Any) -> Any:
        written = self._stream.write(content)
        self._stream.flush()
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __enter__(self) -> _Watched:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stream.close()


def forked(function: Callable[[], None]) -> int:
    """Call a function in a fork; return how that ended."""
    child = os.fork()
    if child == 0:
        try:
            function()
        except BaseException as error:
            print(type(error).__name__, error, file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def results(root: Path) -> dict[str, bytes]:
    """Return the results that are there, read and found whole."""
    from ablations.ledger.records import read_result

    found = sorted(root.rglob("result.json"))
    for path in found:
        read_result(path)
    return {str(path): path.read_bytes() for path in found}


def contents(root: Path) -> dict[str, Any]:
    """Return all that a study leaves, without what the clock measured.

    A study's own file that is half written stays beside it: another runner may be writing it.
    """
    from ablations.ledger.records import read_history, read_result
    from tests.support.running import recorded_events

    left: dict[str, Any] = {}
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        name = str(path.relative_to(root))
        if path.name == "metrics.jsonl":
            left[name] = [{**line, "seconds": 0} for line in read_history(path)]
        elif path.name == "result.json":
            result = read_result(path)
            timed = "inference_microseconds_per_sample"
            left[name] = {k: v for k, v in result.metrics.items() if k != timed}
        elif "tfevents" in name:
            of_run = "seed-" in name
            kind = "" if of_run else path.suffix  # of a study's: .band, .study
            left[f"{path.parent.relative_to(root)}/events{kind}"] = (
                str(recorded_events(path.parent)) if of_run else None
            )
        elif path.name in ("learned.npz", "events"):
            left[name] = None  # with times
        elif path.name not in ("looks.json", "study.yaml") and ".study.yaml." not in name:
            left[name] = path.read_bytes().hex()
    return left


def main(root: Path, at_most: int) -> None:
    """Try each point, or ``at_most`` of them, evenly spread."""
    import numpy as np
    import tensorflow as tf  # noqa: F401

    from ablations.commands import studies
    from ablations.execution.options import Options
    from ablations.execution.session import prepare
    from ablations.training import checkpoint, runtime

    checkpoint.WRITING_SHARE = np.inf  # a checkpoint each epoch
    study = studies.load("small")[0]
    prepared = prepare(study, Options(runs=Path("runs"), executor="inline"))

    def work(kill_at: int | None, count_in: Path | None = None) -> None:
        sys.stdout = io.StringIO()
        runtime.start()
        points = Points(kill_at)
        for _ in prepared.comparison().execute():
            pass
        if count_in is not None:
            count_in.write_text(str(points.count))

    def fresh(name: str) -> Path:
        path = root / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        os.chdir(path)
        return path / "runs"

    whole = fresh("whole")
    assert forked(lambda: work(None, root / "count")) == 0
    wanted, total = contents(whole), int((root / "count").read_text())
    print(json.dumps({"points": total}), flush=True)
    chosen = sorted({int(p) for p in np.linspace(0, total - 1, min(at_most, total))})
    for point in chosen:
        runs = fresh("killed")
        killed = forked(lambda p=point: work(p))  # type: ignore[misc]
        before = results(runs)
        again = forked(lambda: work(None))
        now = contents(runs)
        kept = all(results(runs)[name] == content for name, content in before.items())
        odd = sorted(name for name in {*now, *wanted} if now.get(name) != wanted.get(name))
        line = {"point": point, "killed": killed, "again": again, "kept": kept, "odd": odd}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
