"""End a worker with the process that started it, however that ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from pathlib import Path

OUT_OF_MEMORY_SCORE = Path("/proc/self/oom_score_adj")
FIRST_TO_END = 500  # of 1,000, at which nothing else is ended before
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
SECONDS_BETWEEN_LOOKS = 1.0


def end_with_parent(parent: int) -> None:
    """Let this process be killed when its parent, a process's number, is gone.

    To be called first of all.  Linux kills it, whatever it is doing; elsewhere, and if the parent
    was gone before, a thread that looks for the parent does.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    looking = threading.Thread(target=_look_for, args=[parent], name="parent", daemon=True)
    looking.start()


def end_before_parent() -> None:
    """Let the kernel, for want of memory, end this process rather than the one that started it."""
    with contextlib.suppress(OSError):  # there is no such file elsewhere than on Linux
        OUT_OF_MEMORY_SCORE.write_text(str(FIRST_TO_END))


def _look_for(parent: int) -> None:
    """Wait until the parent is another: whose parent is gone is given to the system's first."""
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGKILL)
