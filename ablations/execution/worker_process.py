"""A process that calls what it is told to, one call after the other.

It is started from this package alone, so that no one's program has to be written for it:
``multiprocessing`` imports the caller's ``__main__`` again in each process, which trains anew in a
script without a guard, and cannot be done where the program came from standard input.

Pebble's pools take a worker that ends with status 0 for one that has done its work, so its call
never returns, and are broken for good by one that dies as it starts.  Here the pipe and the process
itself are waited for: whatever a worker dies of, its parent knows at once, and starts another.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any

from ablations import errors
from ablations.errors import UserCodeError, described
from ablations.execution.parent import end_before_parent, end_with_parent

SECONDS_TO_END = 5.0  # of a process whose end of the pipe is closed
PROGRAM = """\
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
from multiprocessing.connection import Connection
connection = Connection(int(sys.argv.pop()))
sys.path[:] = connection.recv()
from ablations.execution.worker_process import serve
serve(connection)
"""
"""What the process runs.  The parent answers Ctrl-C, which a terminal sends to all; the path is the
parent's, so that the same is imported."""


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
        self._connection, theirs = Pipe()
        command = [sys.executable, "-P", "-c", PROGRAM, str(theirs.fileno())]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
        )
        theirs.close()
        self._ended = _descriptor(self._process.pid)
        self.started = False
        """Whether it has said that it can take calls, as ``poll`` has heard."""
        self._send(sys.path)
        self._send((os.getpid(), begin, arguments))

    @property
    def waitables(self) -> list[Connection | int]:
        """What ``multiprocessing.connection.wait`` can wait for, for ``poll`` to say more."""
        return [self._connection, *self._ended]

    def submit(self, function: Callable[..., object], arguments: Sequence[object]) -> None:
        """Tell the process to call a function; ``poll`` gives the answer."""
        self._send((function, tuple(arguments)))

    def _send(self, message: object) -> None:
        try:
            self._connection.send(message)
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
            self._await_end()
            self.end()
        if self._process.poll() is None:
            return None
        raise DiedError(self._process.returncode, self.started)

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

    def _await_end(self) -> None:
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            return

    def end(self) -> None:
        """Kill the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._connection.close()
        while self._ended:
            os.close(self._ended.pop())


def _descriptor(process: int) -> list[int]:
    """Return what can be read once a process has ended; nothing where the system has none such.

    The pipe tells of an end too, but not where the process leaves children that hold it.
    """
    try:
        return [os.pidfd_open(process)]
    except (AttributeError, OSError):
        return []


def serve(connection: Connection) -> None:
    """Do as the other end of a connection says, until it is closed."""
    os.set_inheritable(connection.fileno(), False)  # what this process starts lives on its own
    parent, begin, arguments = connection.recv()
    end_with_parent(parent)
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
