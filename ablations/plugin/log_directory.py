"""Which studies a log directory holds, and what of it may be read: nothing outside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ablations.errors import AblationsError, printable, suggest
from ablations.ledger.paths import LOOKS, STUDY_RECORD
from ablations.study.schema import STUDY_NAME

REMOTE = re.compile(r"[a-z0-9]+://")


class NotFoundError(AblationsError):
    """A request names something that the log directory does not hold."""


class NoLogDirectoryError(AblationsError):
    """TensorBoard shows no directory of this machine."""


@dataclass(frozen=True)
class Found:
    """A directory that holds a study, or what looks like one."""

    name: str
    problem: str
    """Why it cannot be shown; empty where it can be tried."""


@dataclass(frozen=True)
class LogDirectory:
    """The directory that TensorBoard shows: ``runs/``, or one study's in it."""

    path: Path

    @staticmethod
    def at(logdir: str) -> LogDirectory:
        """Return the directory.

        Raises:
            NoLogDirectoryError: there is none.
        """
        if not logdir:
            raise NoLogDirectoryError(
                "TensorBoard was started without --logdir; wants the directory of the runs"
            )
        if REMOTE.match(logdir):
            raise NoLogDirectoryError(
                f"{printable(logdir)} is on another machine; wants a directory of this one"
            )
        path = Path(logdir).expanduser().resolve()
        if not path.is_dir():
            raise NoLogDirectoryError(f"{printable(str(path))}: no such directory yet")
        return LogDirectory(path)

    @property
    def is_study(self) -> bool:
        """Whether it is one study's directory."""
        return (self.path / STUDY_RECORD).exists()

    @property
    def runs(self) -> Path:
        """The directory above the studies."""
        return self.path.parent if self.is_study else self.path

    def studies(self) -> tuple[Found, ...]:
        """Return the studies by name, those that cannot be shown among them."""
        if self.is_study:
            return (_found(self.path),)
        try:
            paths = sorted(self.path.iterdir())
        except OSError as error:
            raise NoLogDirectoryError(f"{self.path}: {error.strerror}") from None
        return tuple(_found(path) for path in paths if _looks_like_a_study(path))

    def study(self, name: str) -> str:
        """Return the name of a study that may be read.

        Raises:
            NotFoundError: there is none of that name, or it cannot be shown.
        """
        found = {each.name: each for each in self.studies()}
        if name not in found:
            known = suggest(name, found)
            raise NotFoundError(
                f'no study "{printable(name)[:100]}" in this log directory; {known}'
            )
        if found[name].problem:
            raise NotFoundError(f"{printable(name)}: {found[name].problem}")
        return name


def _looks_like_a_study(path: Path) -> bool:
    """Whether a directory holds a study's record, or runs without one."""
    if path.name.startswith(".") or not path.is_dir():
        return False
    return (path / STUDY_RECORD).exists() or any(path.glob("*/seed-*"))


def _found(path: Path) -> Found:
    return Found(path.name, _problem(path))


def _problem(path: Path) -> str:
    if path.is_symlink():
        return "the directory is a link; wants the directory itself"
    for name in (STUDY_RECORD, LOOKS):
        file = path / name
        if file.is_symlink() and not file.resolve().is_relative_to(path.resolve()):
            return f"{name} is a link that leads out of the study"
    if not STUDY_NAME.fullmatch(path.name):
        return "no study can have this name"
    if not (path / STUDY_RECORD).exists():
        return f"it holds runs and no {STUDY_RECORD}: half-deleted, or not written by ablations"
    return ""
