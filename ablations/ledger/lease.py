"""A lease on a directory: what tells other hosts that a living process trains there.

A lock may hold on its own host only (a network mount with local locks), or not at all.  The lease
is a file that one process alone can make; it names its holder, and a thread touches it while the
holder lives.  One that nobody touched for ``STALE_SECONDS``, by the clock of the file system, whose
time no two hosts disagree about, is of a process that is gone, and may be taken over.  Who was only
suspended finds its lease gone before it writes anything more.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
import tempfile
import threading
import time
from functools import cache
from pathlib import Path

from ablations.ledger.paths import lease_of

TOUCH_SECONDS = 5.0
STALE_SECONDS = 30.0


class HeldError(Exception):
    """Another process is training in this directory."""


class LostError(HeldError):
    """Another process has taken the directory over, as this one was suspended for too long."""


@cache
def host() -> str:
    """Return what tells this machine, since it was started last, from all others.

    Containers with names of their own are hosts of their own; those that share one must not share
    a runs directory with another machine of that name that cannot tell its start from theirs.
    """
    try:
        started = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # not Linux
        started = ""
    return f"{platform.node()} {started}".strip()


class Lease:
    """The lease of one directory, once it is taken."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._path = directory, lease_of(directory)
        holder = {"host": host(), "pid": os.getpid(), "token": secrets.token_hex(8)}
        self._content = json.dumps(holder)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def take(self, locked: bool) -> None:
        """Take the lease; ``locked`` says that no other process of this host holds the directory.

        Raises:
            HeldError: another process has it.
        """
        found = _read(self._path)
        if found is not None:
            if is_living(self._directory, locked):
                raise HeldError(str(self._directory))
            self._remove(found)
        try:
            descriptor = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:  # another host was faster
            raise HeldError(str(self._directory)) from None
        try:
            with os.fdopen(descriptor, "w") as stream:
                stream.write(self._content)
        except OSError:  # of a full disk: an empty lease would fence the directory from all
            with contextlib.suppress(OSError):
                self._path.unlink()
            raise
        self._thread.start()

    def _remove(self, found: str) -> None:
        """Remove the lease of a process that is gone; of two that want to, one succeeds."""
        aside = self._path.with_name(f"{self._path.name}.{secrets.token_hex(8)}")
        try:
            self._path.rename(aside)
        except FileNotFoundError:
            return
        if _read(aside) != found:  # the other was faster, and has made its own by now
            with contextlib.suppress(OSError):
                os.link(aside, self._path)
            aside.unlink()
            raise HeldError(str(self._directory))
        aside.unlink()

    def check(self) -> None:
        """Make sure that the directory is still this process's, before something is written.

        Raises:
            LostError: it is not.
        """
        if _read(self._path) != self._content and self._path.parent.is_dir():
            raise LostError(f"{self._directory}: another process has taken it over")

    def _keep(self) -> None:
        while not self._ended.wait(TOUCH_SECONDS):
            with contextlib.suppress(OSError):  # a server that does not answer may do so next time
                self._touch()

    def _touch(self) -> None:
        # Of the file that is read, whatever its name is by then.
        with self._path.open("r+") as stream:
            if stream.read() == self._content:
                os.utime(stream.fileno())

    def end(self) -> None:
        """Give the lease back, if it is still this process's."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        with contextlib.suppress(OSError):
            if _read(self._path) == self._content:
                self._path.unlink()


def is_living(directory: Path, locked: bool) -> bool:
    """Whether a process that lives has the lease of a directory.

    Where this host's locks work and nobody here holds the directory (``locked``), a lease of this
    host is of a dead process.  Nothing is written where that is not allowed.
    """
    try:
        # Opened, so that a network mount asks its server.
        with lease_of(directory).open() as stream:
            found, touched = stream.read(), os.fstat(stream.fileno()).st_mtime
    except OSError:
        return False
    if locked and _host_in(found) == host():
        return False
    return _now(directory.parent) - touched < STALE_SECONDS


def _now(directory: Path) -> float:
    """Return the time by the file system's clock; by ours where nothing may be written."""
    try:
        with tempfile.TemporaryFile(dir=directory) as stream:
            os.utime(stream.fileno())
            return os.fstat(stream.fileno()).st_mtime
    except OSError:
        return time.time()


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


def _host_in(content: str) -> str:
    """Return the host that a lease names; none where its writing was cut off."""
    try:
        return str(json.loads(content)["host"])
    except (ValueError, KeyError, TypeError):
        return ""
