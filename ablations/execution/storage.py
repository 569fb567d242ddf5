"""What the disk below a runs directory can do: write, hold locks, be shared."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ablations.errors import RunsDirectoryError
from ablations.ledger.lock import HeldError, hold, is_held

MOUNTS = Path("/proc/self/mountinfo")
NETWORK = (
    "nfs",
    "cifs",
    "smb",
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "gluster",
    "gpfs",
    "lustre",
    "sshfs",
)
"""What stands in the types of file systems that several machines share."""


@dataclass(frozen=True)
class Storage:
    """What was found out about the disk below a directory."""

    existing: Path
    """The directory itself, or the nearest above it that is there."""
    free_bytes: int
    free_inodes: int | None
    """None where the file system does not count them."""
    locks: bool
    """Whether a lock that one holds is refused to another."""
    file_system: str
    """Its type, such as ``ext4``; empty where that is not known."""

    @property
    def on_network(self) -> bool:
        """Whether other machines may share it."""
        return any(kind in self.file_system for kind in NETWORK)


def existing_above(directory: Path) -> Path:
    """Return a directory, or the nearest above it that is there; one that can be written.

    Raises:
        RunsDirectoryError: it is no directory, or cannot be written.
    """
    existing = directory.absolute()
    while not os.path.exists(existing) and existing != existing.parent:
        if os.path.islink(existing):
            raise RunsDirectoryError(
                f"{directory}: {existing} is a link to {os.readlink(existing)}, which does not "
                "exist; expected a directory"
            )
        existing = existing.parent
    if not existing.is_dir():
        raise RunsDirectoryError(
            f"{directory}: {existing} is not a directory; wants one to write in"
        )
    if not os.access(existing, os.W_OK | os.X_OK):
        raise RunsDirectoryError(f"{directory}: {existing} cannot be written; wants one that can")
    return existing


def examine(directory: Path) -> Storage:
    """Return what the disk below a directory can do; what is tried there is removed again.

    Raises:
        RunsDirectoryError: it cannot be written.
    """
    existing = existing_above(directory)
    counts = os.statvfs(existing)
    try:
        with tempfile.TemporaryDirectory(dir=existing, prefix=".doctor.") as tried:
            locks = _locks(Path(tried) / "run")
    except OSError as error:
        raise RunsDirectoryError(f"{directory}: {existing}: {error.strerror}") from None
    return Storage(
        existing,
        shutil.disk_usage(existing).free,
        counts.f_favail if counts.f_files else None,
        locks,
        _file_system(existing),
    )


def _locks(directory: Path) -> bool:
    try:
        with hold(directory):
            return is_held(directory)
    except (OSError, HeldError):
        return False


def _file_system(directory: Path) -> str:
    """Return the type of the file system; empty where the system does not say."""
    try:
        lines = MOUNTS.read_text().splitlines()
    except OSError:
        return ""
    place, found = directory.resolve(), ("", "")
    for line in lines:  # 36 35 98:0 /root /mount/point options - type source options
        mount, kind = line.split()[4], line.partition(" - ")[2].partition(" ")[0]
        mount = mount.replace("\\040", " ")
        if place.is_relative_to(mount) and len(mount) >= len(found[0]):
            found = mount, kind
    return found[1]
