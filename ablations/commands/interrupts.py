"""Answer the signals that ask the program to end: stop in order once, at once the second time."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ablations.errors import ASKING_TO_END, Interrupted

INTERRUPTED, TERMINATED = 130, 143


def exit_status(number: int) -> int:
    """Return the exit status after a signal."""
    return TERMINATED if number == signal.SIGTERM else INTERRUPTED


@contextmanager
def answered() -> Iterator[None]:
    """Raise ``Interrupted`` for the first signal that asks to end; end at once for the second.

    Workers end with this process.  A signal that is ignored from outside (``nohup``) stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in ASKING_TO_END}
    asked = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in asked:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in asked:
            signal.signal(number, before[number])


def _interrupt(number: int, _: FrameType | None) -> None:
    for each in ASKING_TO_END:
        if signal.getsignal(each) is _interrupt:
            signal.signal(each, _end)
    raise Interrupted(number)


def _end(number: int, _: FrameType | None) -> None:
    os._exit(exit_status(number))
