"""A process that calls what it is told to, one call after the other.

Pebble's pools take a worker that ends with status 0 for one that has done its work, so its call
never returns, and are broken for good by one that dies as it starts.  Here the pipe and the process
itself are waited for: whatever a worker dies of, its parent knows at once, and starts another.
"""

from __future__ import annotations

import multiprocessing
import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from ablations import errors
from ablations.errors import UserCodeError, described
from ablations.execution.parent import end_before_parent, end_with_parent

SECONDS_TO_END = 5.0  # of a process whose end of the pipe is closed


@dataclass(frozen=True)
class Answer:
    """What became of a call."""

    value: Any = None
    error: BaseException | None = None


class DiedError(Exception):
    """The process died: before it was told anything, or in a call."""

    def __init__(self, exit_status: int, started: bool) -> None:
        self.exit_status, self.started = exit_status, started
        super().__init__(f"exit status {exit_status}")


class TooLongError(Exception):
    """A call takes longer than it may."""


class WorkerProcess:
    """A fresh process, which calls ``begin`` first; it ends with its parent.

    What ``begin`` raises is the answer to the first call, and the process ends.
    """

    def __init__(self, begin: Callable[..., None] | None = None, *arguments: object) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, begin, arguments))
        self._process.start()
        theirs.close()
        self.started = False
        """Whether it has said that it can take calls, as ``poll`` has heard."""

    @property
    def waitables(self) -> list[Connection | int]:
        """What ``multiprocessing.connection.wait`` can wait for, for ``poll`` to say more."""
        return [self._connection, self._process.sentinel]

    def submit(self, function: Callable[..., object], arguments: Sequence[object]) -> None:
        """Tell the process to call a function; ``poll`` gives the answer."""
        try:
            self._connection.send((function, tuple(arguments)))
        except (BrokenPipeError, ConnectionResetError):
            return  # it is dead, as ``poll`` will say

    def poll(self) -> Answer | None:
        """Return the answer to the last call; None while there is none.

        Raises:
            DiedError: the process is dead.
        """
        try:
            while self._connection.poll():
                message = self._connection.recv()
                if isinstance(message, Answer):
                    return message
                self.started = True
        except (EOFError, OSError):
            self._process.join(SECONDS_TO_END)
            self.end()
        if self._process.is_alive():
            return None
        raise DiedError(self._process.exitcode or 0, self.started)

    def call(
        self, function: Callable[..., object], arguments: Sequence[object], seconds: float
    ) -> Any:
        """Return what a function returns; the process is of no use if that takes too long.

        Raises:
            DiedError: the process is dead.
            TooLongError: the call takes longer than so many seconds.
            BaseException: what the function raises.
        """
        self.submit(function, arguments)
        deadline = time.monotonic() + seconds
        while (answer := self.poll()) is None:
            if time.monotonic() >= deadline:
                raise TooLongError
            wait(self.waitables, deadline - time.monotonic())
        if answer.error is not None:
            raise answer.error
        return answer.value

    def end(self) -> None:
        """Kill the process, whatever it is doing."""
        self._process.kill()
        self._process.join()
        self._connection.close()


def _serve(
    connection: Connection, begin: Callable[..., None] | None, arguments: Sequence[object]
) -> None:
    end_with_parent()
    end_before_parent()
    if begin is not None and (failed := _answer(begin, arguments)).error is not None:
        connection.send(failed)
        return
    connection.send("started")
    while True:
        try:
            function, its_arguments = connection.recv()
        except EOFError:
            return
        connection.send(_answer(function, its_arguments))


def _answer(function: Callable[..., object], arguments: Sequence[object]) -> Answer:
    try:
        return Answer(function(*arguments))
    except BaseException as error:  # a user's code may end in any way
        return Answer(error=_as_it_can_cross(error))


def _as_it_can_cross(error: BaseException) -> BaseException:
    """Return an exception that the parent can read without a user's own module."""
    try:
        if type(error).__module__ in ("builtins", errors.__name__):
            pickle.loads(pickle.dumps(error))
            return error
    except Exception:  # whatever its message is made of
        pass
    return UserCodeError(described(error))
