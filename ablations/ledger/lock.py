"""Fence a directory that is trained in: one trainer at a time, on all hosts that see it.

A lock on a file beside it decides on this host, and on others where locks cross hosts: it ends
with its process, so that what died is taken over at once.  A lease (see ``lease``) decides for
other hosts, and where there are no locks.  The file is never removed: all must wait for the same.
The same fence stands around a file that is read, changed and written (``alone``).
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ablations.errors import RunsDirectoryError
from ablations.ledger.lease import HeldError as HeldError
from ablations.ledger.lease import Lease as Lease
from ablations.ledger.lease import is_living
from ablations.ledger.paths import lock_of

PATIENCE_SECONDS = 600.0
"""Of who changes a file, as many others may at once; a lease of a dead process counts less long."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.01, 0.2


@contextmanager
def hold(directory: Path, patience_seconds: float = 0.0) -> Iterator[Lease]:
    """Hold a directory, or raise HeldError; the lease says whether it is held still.

    A trainer has patience: ``is_held`` takes the lock for a moment, and must not cost it a run.
    """
    deadline, pause = time.monotonic() + patience_seconds, FIRST_PAUSE_SECONDS
    lease = Lease(directory)
    # An exclusive lock over a network wants a descriptor that may write.
    descriptor = os.open(lock_of(directory), os.O_RDWR | os.O_CREAT, 0o666)
    try:
        while not _taken(descriptor, lease):
            if time.monotonic() >= deadline:
                raise HeldError(str(directory))
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        try:
            yield lease
        finally:
            lease.end()
    finally:
        os.close(descriptor)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Read, change and write ``path``, a file or a directory, while no other process does.

    Raises:
        RunsDirectoryError: another process is at it all the time.
        OSError: nothing can be written beside it.
    """
    try:
        with hold(path, PATIENCE_SECONDS):
            yield
    except HeldError:
        raise RunsDirectoryError(
            f"{path}: another process has been changing it for {PATIENCE_SECONDS:.0f} s; expected "
            "one that ends"
        ) from None


def _taken(descriptor: int, lease: Lease) -> bool:
    try:
        lease.take(locked=_lock(descriptor, fcntl.LOCK_EX))
    except (BlockingIOError, HeldError):
        return False
    return True


def _lock(descriptor: int, kind: int) -> bool:
    """Lock a file until it is closed; return False where the file system has no locks.

    Raises:
        BlockingIOError: another process holds it.
    """
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


def is_held(directory: Path) -> bool:
    """Return whether a living process holds the directory; two lookers do not see each other."""
    try:
        descriptor = os.open(lock_of(directory), os.O_RDONLY)
    except OSError:
        return False
    try:
        return is_living(directory, _lock(descriptor, fcntl.LOCK_SH))
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
