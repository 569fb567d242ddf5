"""Fence a run directory with a lock that dies with its process."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class HeldError(Exception):
    """Another process is training in this directory."""


@contextmanager
def hold(directory: Path, patience_seconds: float = 0.0) -> Iterator[None]:
    """Hold the lock of a directory, or raise HeldError.  The directory itself is the lock.

    A trainer has patience: ``is_held`` takes the lock for a moment, and must not cost it a run.
    """
    deadline = time.monotonic() + patience_seconds
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise HeldError(str(directory)) from None
                time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)


def is_held(directory: Path) -> bool:
    """Return whether a living process holds the lock; two lookers do not see each other."""
    try:
        descriptor = os.open(directory, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
