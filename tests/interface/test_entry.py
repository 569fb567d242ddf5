"""What importing the package does, and from where its processes may be started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.workplace import STUDY

WORKERS = """\
import os, sys
print("begun")
from ablations.execution.worker_process import WorkerProcess
one, other = WorkerProcess(), WorkerProcess()
assert {one.call(os.getppid, (), 60), other.call(os.getppid, (), 60)} == {os.getpid()}
one.end(), other.end()
"""
WHOLE = """\
import sys
import ablations
print("begun")
study = ablations.Study.load("small")
study.run(seeds=1, workers=2)
assert list(study.runs.arm) == ["elu", "sigmoid"], study.runs
assert "tensorflow" not in sys.modules
"""


def python(program: str, from_input: bool, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a program without a guard: from a file, or from standard input."""
    (directory / "program.py").write_text(program)
    command = [sys.executable, "-"] if from_input else [sys.executable, "program.py"]
    text = program if from_input else ""
    return subprocess.run(
        command, input=text, capture_output=True, text=True, cwd=directory, check=False
    )


def test_importing_loads_nothing_and_does_nothing(tmp_path: Path) -> None:
    program = (
        "import sys\nbefore = set(sys.modules)\nimport ablations\n"
        "assert dir(ablations), ablations.__version__\n"
        "added = {n.split('.')[0] for n in set(sys.modules) - before}\n"
        "assert not added & {'tensorflow', 'numpy', 'pandas', 'pydantic', 'rich', 'yaml'}, added\n"
        "assert {n for n in sys.modules if n.startswith('ablations.')} == set()\n"
        "assert ablations.errors.StudyError\n"
        "try:\n    ablations.Studdy\nexcept AttributeError:\n    print('refused')\n"
    )
    done = python(program, False, tmp_path)
    assert (done.stdout, done.stderr) == ("refused\n", "")
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]


@pytest.mark.parametrize("from_input", [False, True], ids=["script", "standard input"])
def test_a_program_without_a_guard_starts_workers_that_never_run_it(
    from_input: bool, tmp_path: Path
) -> None:
    done = python(WORKERS, from_input, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "begun\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("from_input", [False, True], ids=["script", "standard input"])
def test_a_program_without_a_guard_trains_a_study(from_input: bool, workplace: Path) -> None:
    assert "study: small" in STUDY
    done = python(WHOLE, from_input, workplace)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("begun") == 1
    assert "2 completed" in done.stdout
