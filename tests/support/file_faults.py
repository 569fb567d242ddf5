"""Train one small study again and again, each time with a fault at another point of its file work.

A program of its own: TensorFlow is imported once, and each attempt is a fork of that, so that a
kill is a kill.  It prints a line of JSON for each point.
"""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ablations.files import UNFINISHED

CALLS = ("fsync", "replace", "unlink", "truncate", "mkdir", "rmdir", "write")
KILLED, RAISED = 9, 99
BESIDE = (".lock", ".lease", UNFINISHED)


def kill(call: str) -> None:
    """End the process before a call.  After one is before the next: the disk is the same."""
    os._exit(KILLED)


def fill(call: str) -> None:
    """Let the disk be full: nothing can be made or grow."""
    if call in ("write", "mkdir"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def protect(call: str) -> None:
    """Let the disk be read-only."""
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def remove(call: str) -> None:
    """Let someone remove all runs, once."""
    if Path("runs").exists() and not Path("removed").exists():
        os.symlink("runs", "removed")
        os.system("rm -rf runs")


FAULTS = {"kill": kill, "full": fill, "read-only": protect, "removed": remove}


class Points:
    """Counts what is done with files; from one point on there is a fault."""

    def __init__(self, begins_at: int | None, fault: Callable[[str], None]) -> None:
        self.count, self._begins_at, self._fault = 0, begins_at, fault
        for name in CALLS[:-1]:
            setattr(os, name, self.counted(name, getattr(os, name)))
        io_open, fdopen = io.open, os.fdopen
        os.fdopen = lambda *rest, **named: self._watched(fdopen(*rest, **named))  # type: ignore[assignment]
        io.open = lambda *rest, **named: self._watched(io_open(*rest, **named))  # type: ignore[assignment]

    def counted(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*rest: Any, **named: Any) -> Any:
            begun = self._begins_at is not None and self.count >= self._begins_at
            self.count += 1
            if begun:
                self._fault(name)
            return function(*rest, **named)

        return call

    def _watched(self, stream: Any) -> Any:
        return _Watched(stream, self) if stream.writable() else stream


class _Watched:
    """A file each of whose writes is a point; what was written is with the system at once."""

    def __init__(self, stream: Any, points: Points) -> None:
        self._stream = stream
        self.write = points.counted("write", self._write)

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


def forked(function: Callable[[], None], said: Path) -> int:
    """Call a function in a fork, what it prints going to a file; return how it ended."""
    child = os.fork()
    if child == 0:
        descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        try:
            function()
        except SystemExit as end:
            sys.stdout.flush()
            os._exit(int(end.code or 0))
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(RAISED)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def results(root: Path) -> dict[str, bytes]:
    """Return the results of finished runs that are there, read and found whole."""
    from ablations.ledger.records import read_result

    found = sorted(root.rglob("result.json"))
    return {str(p): p.read_bytes() for p in found if read_result(p).status != "failed"}


def contents(root: Path) -> dict[str, Any]:
    """Return all that a study leaves, without what the clock measured.

    A study's own file that is half written stays beside it, as another runner may be writing it,
    and so do a lock and the lease of who was killed.
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
        elif path.name not in ("looks.json", "study.yaml") and not path.name.endswith(BESIDE):
            left[name] = path.read_bytes().hex()
    return left


def main(root: Path, fault: str, at_most: int) -> None:
    """Try each point, or ``at_most`` of them, evenly spread."""
    import numpy as np
    import tensorflow as tf  # noqa: F401

    from ablations import cli
    from ablations.commands import run as command
    from ablations.commands import studies
    from ablations.execution.options import Options
    from ablations.execution.session import prepare
    from ablations.training import checkpoint, runtime

    checkpoint.WRITING_SHARE = np.inf  # a checkpoint each epoch
    prepared = prepare(studies.load("small")[0], Options(executor="inline"))
    command.prepare = lambda *_: prepared  # type: ignore[attr-defined]
    study = os.path.abspath("configs/small.yaml")

    def work(begins_at: int | None, count_in: Path | None = None) -> None:
        runtime.start()
        points = Points(begins_at, FAULTS[fault])
        try:
            cli.main.main(["run", study, "--executor", "inline"])
        finally:
            if count_in is not None:
                count_in.write_text(str(points.count))

    def fresh(name: str) -> Path:
        path = root / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        os.chdir(path)
        return path / "runs"

    whole, said = fresh("whole"), root / "said"
    assert forked(lambda: work(None, root / "count"), said) == 0, said.read_text()
    wanted, total = contents(whole), int((root / "count").read_text())
    print(json.dumps({"points": total}), flush=True)
    for point in sorted({int(p) for p in np.linspace(0, total - 1, min(at_most, total))}):
        runs = fresh("tried")
        ended = forked(lambda p=point: work(p), said)  # type: ignore[misc]
        words, before = said.read_text(), results(runs)
        again = forked(lambda: work(None), said)
        now = contents(runs)
        kept = all(results(runs)[name] == content for name, content in before.items())
        odd = sorted(name for name in {*now, *wanted} if now.get(name) != wanted.get(name))
        line = {"point": point, "ended": ended, "said": words, "again": again}
        print(json.dumps({**line, "kept": kept, "odd": odd}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
