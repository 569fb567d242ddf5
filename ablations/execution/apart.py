"""Call a user's own code in a process of its own: what it imports or sets never reaches ours."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any

from ablations.errors import UserCodeError


def call_apart(function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Return what ``function`` returns for each tuple of arguments, all in one fresh process.

    Raises:
        AblationsError: the first that a call raised.
        UserCodeError: the process died.
    """
    if not calls:
        return []
    from pebble import ProcessExpired, ProcessPool

    pool = ProcessPool(1, context=multiprocessing.get_context("spawn"))
    try:
        futures = [pool.schedule(function, args=arguments) for arguments in calls]
        return [future.result() for future in futures]
    except ProcessExpired as error:
        raise UserCodeError(
            f"{', '.join(map(str, calls[0]))[:200]}: calling it ends the process "
            f"(exit status {error.exitcode})"
        ) from None
    finally:
        pool.stop()
        pool.join()
