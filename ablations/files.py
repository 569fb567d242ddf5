"""Write files so that a reader, or a power cut, finds the old text or the new; hash files."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from ablations.errors import AblationsError

UNFINISHED = ".unfinished"  # how a file ends that a killed process was writing


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write beside ``path``, flush to the disk, and move into place."""
    data = content.encode() if isinstance(content, str) else content
    with replacing(path) as stream:
        stream.write(data)
    sync(path.parent)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a new file beside ``path`` that takes its place, flushed to the disk, when all is well.

    Its mode is that of any new file, as the umask gives it.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}{UNFINISHED}")
    try:
        with temporary.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def make_directory(path: Path) -> None:
    """Make a directory, and those above it, so that a power cut does not take their names away."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for each in missing:
        sync(each.parent)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a directory, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_bounded(path: Path, most_bytes: int) -> bytes:
    """Return the bytes of a regular file; a pipe or a device could be read for ever.

    Raises:
        OSError: it cannot be read, is no regular file, or has more than ``most_bytes``.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    if status.st_size > most_bytes:
        raise OSError(errno.EFBIG, f"is larger than {most_bytes} bytes", str(path))
    return path.read_bytes()


Stamp = tuple[int, int, int] | None
"""Time, size and number of a file; None where there is none."""


def stamp_of(path: Path) -> Stamp:
    """Return the file's stamp; a file that is written anew atomically has another number."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def is_number(cell: str) -> bool:
    """Whether the text in a cell of a table is a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def digest_of(files: Iterable[Path]) -> str:
    """Hash the files' bytes, in order; a file is read once while its size and time stay.

    Raises:
        AblationsError: one cannot be read; names it.
    """
    total = hashlib.sha256()
    for path in files:
        try:
            status = path.stat()
            total.update(_digest(path.absolute(), status.st_size, status.st_mtime_ns))
        except OSError as error:
            raise AblationsError(
                f"{path}: {error.strerror}; expected a file that can be read"
            ) from None
    return total.hexdigest()


@lru_cache(maxsize=4_096)
def _digest(path: Path, size: int, time: int) -> bytes:
    """Return the hash of one file, which is read piece by piece."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
