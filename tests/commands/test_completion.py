"""What the Tab key offers, as Bash asks for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def offered(*words: str) -> list[str]:
    """Return what Click's Bash completion answers for the last of the words."""
    asked = {
        "_ABLATIONS_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("ablations", *words)),
        "COMP_CWORD": str(len(words)),
    }
    command = [sys.executable, "-c", "from ablations.cli import main; main(prog_name='ablations')"]
    done = subprocess.run(
        command, env={**os.environ, **asked}, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["run", "sm"], ["plain,small"]),
        (["report", "sm"], ["plain,small"]),
        (["run", "configs/sm"], ["file,configs/sm"]),
        (["run", "small", "--arm", "e"], ["plain,elu"]),
        (["run", "--seeds", "2", "small", "--arm", "e"], ["plain,elu"]),
        (["run", "nowhere", "--arm", "e"], []),
        (["techniques", "sel"], ["plain,selu"]),
        (["techniques", "opti"], ["plain,optimizer"]),
    ],
)
def test_the_tab_key_offers_what_fits(
    workplace: Path, words: list[str], expected: list[str]
) -> None:
    assert offered(*words) == expected


def test_a_broken_study_offers_nothing_and_says_nothing(workplace: Path) -> None:
    (workplace / "configs" / "broken.yaml").write_text("study: [")
    assert offered("run", "broken", "--arm", "e") == []
    assert offered("run", "br") == ["plain,broken"]
