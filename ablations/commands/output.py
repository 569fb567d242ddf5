"""Standard output: any encoding will do, and what fails unforeseen has an exit status of its own.

0, 1 and 3 say what ``check`` has found, which a defect or a reader that went away must never say.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ablations.errors import AblationsError, Interrupted

DEFECT, UNREAD = 70, 74
FORESEEN = (AblationsError, Interrupted, click.ClickException, click.Abort, click.exceptions.Exit)


@contextmanager
def written() -> Iterator[None]:
    """Replace what an encoding lacks; end with ``DEFECT`` or ``UNREAD`` where all else fails."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        yield
        sys.stdout.flush()
    except FORESEEN:
        raise
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        sys.exit(UNREAD)
    except Exception:
        traceback.print_exc()
        sys.exit(DEFECT)
