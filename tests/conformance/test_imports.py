"""The tree is the architecture: who may import whom, and what stays out of a fast start."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "ablations"
LEAVES = {"errors", "files", "named_files", "own_files", "streams", "user_code"}
"""Single files that every room may use; they use nothing of ours but each other."""
MAY_IMPORT = {
    "__init__": {"interface"},
    "__main__": {"cli"},
    "cli": {"commands"},
    "interface": {"commands", "execution", "analysis"},
    "commands": {"execution", "analysis", "techniques", "data"},
    "execution": {"training", "telemetry", "techniques", "data"},
    "training": {"telemetry", "techniques", "data"},
    "telemetry": set(),
    "techniques": set(),
    "data": set(),
    "plugin": {"analysis", "techniques"},
    "analysis": set(),
    "ledger": set(),
    "study": set(),
    **{leaf: set() for leaf in LEAVES},
}
"""Besides the leaves, ``study`` and ``ledger``, which all of these may use; see ``allowed``."""
FLOORS = ("read", "infer", "show")
"""Of ``analysis``, the lowest first: a floor uses itself and those below it."""


WITHOUT_TENSORFLOW = (
    "study",
    "ledger",
    "analysis",
    "plugin",
    "cli",
    "interface",
    "commands",
    *LEAVES,
)
HEAVY = {"tensorflow", "keras"}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def allowed(own: str) -> set[str]:
    """Return the rooms that files of ``own`` may import."""
    if own in LEAVES:
        return {own, *LEAVES}
    shared = {"study"} if own in ("study", "ledger") else {"study", "ledger"}
    return MAY_IMPORT[own] | LEAVES | shared | {own, "__version__"}


class _WithoutTypes(ast.NodeTransformer):
    """Leaves out what only a type checker imports."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)


def imported(path: Path, tree: ast.AST | None = None) -> set[str]:
    names = set()
    for node in ast.walk(tree or ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


SOURCES = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py"))}
IMPORTS = {name: imported(path) for name, path in SOURCES.items()}
AT_RUN_TIME = {
    name: imported(path, _WithoutTypes().visit(ast.parse(path.read_text())))
    for name, path in SOURCES.items()
}


def ours(name: str) -> list[tuple[str, ...]]:
    """Return the modules of ours that a file imports, as parts of their path."""
    return [tuple(m.split(".")[1:]) for m in IMPORTS[name] if m.startswith("ablations.")]


def is_declaration(name: str) -> bool:
    return name.startswith("techniques/") and not name.startswith("techniques/keras/")


def test_every_room_has_its_rule() -> None:
    assert {room(path) for path in SOURCES.values()} == set(MAY_IMPORT)


def test_a_file_imports_only_what_its_room_may() -> None:
    wrong = [
        f"{name} imports {'.'.join(parts)}"
        for name, path in SOURCES.items()
        for parts in ours(name)
        if parts[0] not in allowed(room(path))
    ]
    assert wrong == []


def test_a_floor_of_the_analysis_uses_none_above_it() -> None:
    wrong = []
    for name in SOURCES:
        floor = Path(name).parts[1] if name.startswith("analysis/") else ""
        for parts in ours(name) if floor in FLOORS else ():
            above = FLOORS[FLOORS.index(floor) + 1 :]
            if parts[0] == "analysis" and parts[1] in above:
                wrong.append(f"{name} imports {'.'.join(parts)}")
    assert wrong == []


def test_only_training_reaches_what_builds_techniques() -> None:
    wrong = [
        f"{name} imports {'.'.join(parts)}"
        for name in SOURCES
        for parts in ours(name)
        if parts[:2] == ("techniques", "keras")
        and room(SOURCES[name]) not in ("training", "techniques")
    ]
    assert wrong == []


def test_tensorflow_stays_out_of_declarations_and_of_rooms_that_must_feel_instant() -> None:
    wrong = [
        f"{name} imports {heavy}"
        for name, path in SOURCES.items()
        if room(path) in WITHOUT_TENSORFLOW or is_declaration(name)
        for heavy in sorted({module.split(".")[0] for module in AT_RUN_TIME[name]} & HEAVY)
    ]
    assert wrong == []


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
    lengths = {name: len(path.read_text().splitlines()) for name, path in SOURCES.items()}
    assert {name: lines for name, lines in lengths.items() if lines > 300} == {}
