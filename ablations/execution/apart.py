"""Call a user's own code in a process of its own: what it imports or sets never reaches ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Self, TypeVar

from ablations.errors import Interrupted, UserCodeError
from ablations.execution.worker_process import DiedError, TooLongError, WorkerProcess
from ablations.user_code import code_directory, take_code_from

CALL_SECONDS = 600.0
"""What one call may take: building a model or reading data takes seconds, and a hang must end."""
Returned = TypeVar("Returned")


class SeparateProcess:
    """One fresh process, started by the first call and ended with the ``with`` block.

    One for each directory that code is taken from, so that two versions of it never meet.
    """

    def __init__(self) -> None:
        self._workers: dict[str | None, WorkerProcess] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self._workers.values():
            worker.end()

    def call(
        self, function: Callable[..., Returned], calls: Sequence[tuple[object, ...]]
    ) -> list[Returned]:
        """Return what ``function`` returns for each tuple of arguments.

        Raises:
            AblationsError: the first that a call raised.
            UserCodeError: the process died, a call asked it to end, or took too long.
        """
        return [self._call(function, arguments) for arguments in calls]

    def _call(self, function: Callable[..., Returned], arguments: tuple[object, ...]) -> Returned:
        worker, code = self._worker(), code_directory()
        called = ", ".join(map(str, arguments))[:200]
        try:
            returned: Returned = worker.call(function, arguments, CALL_SECONDS)
        except Interrupted:
            raise
        except DiedError as death:
            raise UserCodeError(f"{called}: calling it ends the process ({death})") from None
        except TooLongError:
            self._workers.pop(code).end()
            raise UserCodeError(
                f"{called}: calling it takes longer than {CALL_SECONDS:g} s; wants less"
            ) from None
        except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:
            raise UserCodeError(f"{called}: calling it raises {type(error).__name__}") from None
        return returned

    def _worker(self) -> WorkerProcess:
        code = code_directory()
        if code not in self._workers:
            self._workers[code] = WorkerProcess(take_code_from, code)
        return self._workers[code]
