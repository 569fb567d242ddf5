"""Keep one program: start it, say how it ended, and leave nothing of it behind.

    python keeper.py OUTPUT WORD…

Whoever starts a keeper holds the other end of its standard input.  Where that closes, whatever the
holder died of, the program is killed with all that it has started: its process group, and on Linux
also what has left that, which becomes the keeper's own child.  A file of its own, so that it starts
in some hundredths of a second.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

SET_CHILD_SUBREAPER, SET_PARENT_DEATH_SIGNAL = 36, 1  # of prctl(2)
ANSWERED_BY_THE_RUNNER = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
ROUNDS = 500  # at killing what the program has started
CANNOT_START = "cannot start: "


def keep(output: str, words: list[str]) -> str:
    """Return the exit status of a program as text, or why it did not start."""
    for number in ANSWERED_BY_THE_RUNNER:
        signal.signal(number, signal.SIG_IGN)
    _control(SET_CHILD_SUBREAPER, 1)
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    try:
        with Path(output).open("ab", buffering=0) as log:
            program = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_as_a_user_starts_it,
            )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return f"{CANNOT_START}{error}"
    while program.poll() is None:
        ready, _, _ = select.select([sys.stdin.fileno(), ended], [], [])
        if ended in ready:
            os.read(ended, 4096)
        if sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 4096):
            break  # nobody waits for it any more
    _end_all(program)
    return str(program.returncode)


def _as_a_user_starts_it() -> None:
    """Let signals do what they do by default, and end with the keeper."""
    for number in ANSWERED_BY_THE_RUNNER:
        signal.signal(number, signal.SIG_DFL)
    _control(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _control(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _end_all(program: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(OSError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()
    for _ in range(ROUNDS):  # what is killed leaves its own children to the keeper
        children = _children()
        for child in children:
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
        with contextlib.suppress(OSError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not children:
            return
        time.sleep(0.01)


def _children() -> list[int]:
    try:
        own = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    except OSError:  # elsewhere than on Linux the process group is all that is known
        return []
    return [int(child) for child in own.split()]


if __name__ == "__main__":
    status = keep(sys.argv[1], sys.argv[2:])
    with contextlib.suppress(OSError):  # whoever waited for it may be gone
        os.write(sys.stdout.fileno(), status.encode())
