"""The tree is the architecture: who may import whom, and what stays out of a fast start."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "ablations"
MAY_IMPORT = {
    "cli": {"execution", "analysis", "plugin"},
    "execution": {"training", "techniques", "data", "telemetry"},
    "training": {"techniques", "data", "telemetry"},
    "techniques": set(),
    "data": set(),
    "telemetry": set(),
    "plugin": {"analysis"},
    "analysis": {"telemetry.tags"},
    "study": set(),
    "errors": set(),
    "__main__": {"cli"},
    "__init__": set(),
}
EVERYONE = {"study", "errors", "__version__"}
WITHOUT_TENSORFLOW = ("study", "analysis", "plugin", "cli", "errors")
HEAVY = {"tensorflow", "keras"}


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


SOURCES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_only_what_its_layer_may(path: Path) -> None:
    own = layer(path)
    allowed = MAY_IMPORT[own] | EVERYONE | {own}
    for name in imported(path):
        if name.startswith("ablations."):
            inner = name.removeprefix("ablations.")
            assert any(inner == a or inner.startswith(f"{a}.") for a in allowed), name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_tensorflow_stays_out_of_the_layers_that_must_feel_instant(path: Path) -> None:
    if layer(path) in WITHOUT_TENSORFLOW:
        assert not {name.split(".")[0] for name in imported(path)} & HEAVY


def test_every_layer_has_its_rule() -> None:
    assert {layer(path) for path in SOURCES} == set(MAY_IMPORT)


@pytest.mark.parametrize("command", [["--help"], ["list"], ["plan", "quick"], ["status"]])
def test_a_light_command_never_loads_tensorflow_or_scikit_learn(command: list[str]) -> None:
    program = (
        "import sys, click\n"
        "from ablations.cli import main\n"
        "try:\n    main(sys.argv[1:], standalone_mode=False)\nexcept SystemExit:\n    pass\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'matplotlib', 'tensorboard', 'numpy'}\n"
        "found = heavy & {name.split('.')[0] for name in sys.modules}\n"
        "sys.exit(f'loaded {found}' if found else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *command],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_source_file_stays_short_enough_to_read() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in SOURCES}
    assert {str(path): lines for path, lines in lengths.items() if lines > 300} == {}
