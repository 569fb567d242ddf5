"""What is written reaches any output, and a failure of it never looks like a finding."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ablations.commands.output import DEFECT, UNREAD

HALF = "import click\nfrom ablations.commands.output import written\n"


def program(body: str, output: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    command = [sys.executable, "-c", f"{HALF}with written():\n{lines}"]
    if output:
        with Path(output).open("w") as stream:
            return subprocess.run(
                command, stdout=stream, stderr=subprocess.PIPE, text=True, env=environment
            )
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_what_an_encoding_lacks_is_replaced() -> None:
    done = program("print('−0.5 → ±')", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout) == (0, "?0.5 ? ?\n")


def test_a_defect_has_a_status_of_its_own() -> None:
    done = program("1 / 0")
    assert done.returncode == DEFECT
    assert "ZeroDivisionError" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="wants a device that is always full")
def test_an_output_that_is_full_is_no_finding() -> None:
    assert program("print('found')", "/dev/full").returncode not in (0, 1, 3)


def test_a_reader_that_went_away_is_no_finding() -> None:
    body = "import os\nread, write = os.pipe()\nos.close(read)\nos.dup2(write, 1)\nprint('found')"
    done = program(body)
    assert (done.returncode, done.stderr) == (UNREAD, "")


def test_what_a_command_raises_of_its_own_passes() -> None:
    done = program("raise SystemExit(3)")
    assert (done.returncode, done.stderr) == (3, "")
