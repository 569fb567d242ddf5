"""End a worker with the process that started it, however that ends."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from pathlib import Path

OUT_OF_MEMORY_SCORE = Path("/proc/self/oom_score_adj")
FIRST_TO_END = 500  # of 1,000, at which nothing else is ended before
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def end_with_parent() -> None:
    """Let this process be killed when its parent is gone; to be called first of all.

    Linux kills it, whatever it is doing; elsewhere, and if the parent was gone before, a thread
    that waits for the parent does.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    threading.Thread(target=_wait_for_parent, name="wait for the parent", daemon=True).start()


def end_before_parent() -> None:
    """Let the kernel, for want of memory, end this process rather than the one that started it."""
    with contextlib.suppress(OSError):  # there is no such file elsewhere than on Linux
        OUT_OF_MEMORY_SCORE.write_text(str(FIRST_TO_END))


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)
