"""Every error that a user can meet.  Each is one or more clear lines; none is a traceback."""

from __future__ import annotations

import difflib
import re
import signal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class AblationsError(Exception):
    """The request, the configuration or the machine is wrong: exit status 2, nothing written."""


class DataError(AblationsError):
    """A data set is missing, torn or larger than the memory budget."""


class UserCodeError(AblationsError):
    """A user's function cannot be found, imported or called, or returns what does not fit."""


class TrainerError(AblationsError):
    """A user's own trainer failed, or left what is no result; the reason of a failed run."""


class ModelError(AblationsError):
    """A model does not fit the data that it is to read."""


class DeviceError(AblationsError):
    """A device was asked for that is not here."""


class RunsDirectoryError(AblationsError):
    """A directory that cannot be written, or a name that would leave it."""


class FailedRunsError(AblationsError):
    """Some runs of a study that was run from Python failed.

    All others were trained, unless the first had all failed for one reason.
    """

    def __init__(self, failed: Sequence[str]) -> None:
        self.failed = tuple(failed)
        """The runs and their reasons: ``study/arm/seed-0: reason``."""
        count = "1 run" if len(failed) == 1 else f"{len(failed)} runs"
        super().__init__(f"{count} failed; {'; '.join(failed)}")

    def __reduce__(self) -> tuple[type[FailedRunsError], tuple[tuple[str, ...]]]:
        return type(self), (self.failed,)


ASKING_TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Signals that a terminal or a cluster sends, often to all processes at once."""


class Interrupted(KeyboardInterrupt):
    """A signal asked the program to end: from outside, where a user's code may raise its parent."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in a study file; ``line`` and ``column`` count from 1.

    They are 0 where there is no file: in a study that is written in Python.
    """

    file: str
    line: int
    column: int
    path: str
    message: str

    @property
    def place(self) -> str:
        """``file:line:column``; without a file the dotted path."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.path

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: "
        return where + (f"{self.path}: {self.message}" if self.path else self.message)


class StudyError(AblationsError):
    """Everything that is wrong with a study, all at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


_COMMAND = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
"""What colours a terminal, or moves in it."""


def printable(text: str) -> str:
    """Return text in which nothing commands a terminal or cannot be written."""
    text = _COMMAND.sub("", text)
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


MOST_CHARACTERS = 1_000
"""Of a line that a user is shown: what is quoted in it may be of any length."""


def shortened(line: str) -> str:
    """Return a line that can be printed, its middle left out where it is too long."""
    line = printable(line)
    if len(line) <= MOST_CHARACTERS:
        return line
    return f"{line[: MOST_CHARACTERS - 300]} … {line[-290:]}"


def one_line(text: str) -> str:
    """Return text as it can be quoted in a line."""
    return shortened(" ".join(text.split()))


def described(error: BaseException) -> str:
    """Return type and message of an exception, in a line."""
    try:
        message = str(error)
    except Exception:
        message = "its message cannot be read"
    in_a_line = " ".join(message.split())  # Keras says the cause in its third
    return f"{type(error).__name__}: {in_a_line}"[:500]


def suggest(word: object, known: Iterable[str]) -> str:
    """Return ``did you mean "adam"? Known: adam, sgd`` for a word that is not among ``known``."""
    names = sorted(known)
    near = difflib.get_close_matches(str(word), names, n=1, cutoff=0.5)
    hint = f'did you mean "{near[0]}"? ' if near else ""
    return f"{hint}Known: {', '.join(names) or 'none'}"
