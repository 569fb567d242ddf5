"""How a program ended, in words."""

from __future__ import annotations

import signal
from pathlib import Path

from ablations.errors import TrainerError, printable

LINES, CHARACTERS = 6, 360
"""Of a program's output that are quoted where it failed."""
MOST_BYTES = 16_384


def ended_well(status: int, output: Path) -> None:
    """Remove an empty output.

    Raises:
        TrainerError: the program ended with another status than 0; quotes its last lines.
    """
    lines = last_lines(output)
    if status:
        said = f"; its output ends: {quoted(lines)}" if lines else "; it printed nothing"
        raise TrainerError(f"{cause(status)}{said}")
    if not output.stat().st_size:
        output.unlink()


def cause(status: int) -> str:
    """Return ``exit status 3``, or the signal that ended it."""
    if status >= 0:
        return f"exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return (
        f"{name}, sent by a user or by the system when memory runs out"
        if name == "SIGKILL"
        else name
    )


def last_lines(output: Path) -> list[str]:
    """Return the last lines that were printed, without empty ones."""
    try:
        with output.open("rb") as stream:
            stream.seek(max(0, output.stat().st_size - MOST_BYTES))
            text = stream.read().decode(errors="replace")
    except OSError:
        return []
    lines = (printable(line).strip() for line in text.replace("\r", "\n").split("\n"))
    return [line for line in lines if line][-LINES:]


def quoted(lines: list[str]) -> str:
    """Return lines as they can stand in one, the last of them whole where it is not too long."""
    text = " | ".join(lines)
    return text if len(text) <= CHARACTERS else f"… {text[-CHARACTERS:]}"
