"""Call a user's own code in a process of its own: what it imports or sets never reaches ours."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Self, TypeVar

from ablations.errors import Interrupted, UserCodeError
from ablations.execution.parent import end_with_parent

if TYPE_CHECKING:
    from pebble import ProcessPool

Returned = TypeVar("Returned")


class SeparateProcess:
    """One fresh process, started by the first call and ended with the ``with`` block."""

    def __init__(self) -> None:
        self._pool: ProcessPool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._pool is not None:
            self._pool.stop()
            self._pool.join()

    def call(
        self, function: Callable[..., Returned], calls: Sequence[tuple[object, ...]]
    ) -> list[Returned]:
        """Return what ``function`` returns for each tuple of arguments.

        Raises:
            AblationsError: the first that a call raised.
            UserCodeError: the process died.
        """
        if not calls:
            return []
        from pebble import ProcessExpired, ProcessPool

        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPool(1, initializer=end_with_parent, context=context)
        called = ", ".join(map(str, calls[0]))[:200]
        futures = [self._pool.schedule(function, args=arguments) for arguments in calls]
        try:
            return [future.result() for future in futures]
        except Interrupted:
            raise
        except ProcessExpired as error:
            raise UserCodeError(
                f"{called}: calling it ends the process (exit status {error.exitcode})"
            ) from None
        except BrokenProcessPool:
            raise UserCodeError(f"{called}: the process that calls it died as it started") from None
        except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:
            raise UserCodeError(f"{called}: calling it raises {type(error).__name__}") from None
