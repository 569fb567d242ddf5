"""Fence a run directory with a lock that dies with its process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class HeldError(Exception):
    """Another process is training in this directory."""


@contextmanager
def hold(directory: Path) -> Iterator[None]:
    """Hold the lock of a directory, or raise HeldError.  The directory itself is the lock."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HeldError(str(directory)) from None
        yield
    finally:
        os.close(descriptor)


def is_held(directory: Path) -> bool:
    """Return whether a living process holds the lock."""
    try:
        with hold(directory):
            return False
    except HeldError:
        return True
    except OSError:
        return False
