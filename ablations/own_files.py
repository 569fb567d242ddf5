"""The user's own files that a function or a program is made of, found without running any of them.

Imports are followed by reading the source.  A file counts as the user's own where it lies below the
working directory, the directory that the code is taken from, or the directory of the program or
module itself, and is no part of this package, of Python, of an installed package or of a virtual
environment.
"""

from __future__ import annotations

import ast
import importlib.machinery
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from ablations.errors import AblationsError, UserCodeError
from ablations.files import digest_of

DIGITS = 16
"""Of a digest: enough to tell versions apart, short in a plan."""
EDITED = "edited while the run trained"
"""In place of the digest of a file that may have been read before or after it was edited."""
MOST_LISTED = 50
"""Files that are recorded one by one; the hash of the code holds all others."""
MOST_SOURCE, MOST_NAME = 2_000_000, 4_096
"""Bytes of a Python file that is read for its imports, and of a file's name."""
MOST_FILES = 10_000
RESULTS = ("runs", "report")
"""Directories that the suite writes to by default."""
_SUFFIXES = (".py", *importlib.machinery.EXTENSION_SUFFIXES)
_PACKAGE = os.path.realpath(Path(__file__).parent)
INSTALLED = {"site-packages", "dist-packages", "node_modules"}
_PYTHON = tuple(os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))


# One file


def digest(path: Path) -> str:
    """Return the hash of one file's bytes; empty where it cannot be read."""
    try:
        return digest_of([path])[:DIGITS] if path.is_file() else ""
    except (AblationsError, OSError):
        return ""


def shown(path: Path, here: str = "") -> str:
    """Return a file's path as it is recorded: from the working directory on, if it lies near."""
    real, here = resolved(path), here or os.path.realpath(".")
    near = _below(real, os.path.dirname(here)) or not path.is_absolute()
    return Path(os.path.relpath(real, here) if near else real).as_posix()


def resolved(path: str | Path) -> str:
    """Return the absolute path of a file in the real directory that it, or a link to it, is in."""
    directory, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(directory), name)


def is_file(name: str, directory: str | Path = "") -> bool:
    """Return whether a text names a file, in a directory or else here."""
    try:
        return 0 < len(name) <= MOST_NAME and Path(directory, name).is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def is_own(path: str, roots: Sequence[str]) -> bool:
    """Return whether a resolved path is a file of the user's below some root."""
    if any(_below(path, place) for place in (_PACKAGE, *_PYTHON)):
        return False
    if set(Path(path).parts) & INSTALLED:
        return False
    root = next((root for root in roots if _below(path, root)), None)
    if root is None:
        return False
    inner = Path(os.path.relpath(path, root)).parts
    above = (os.path.join(root, *inner[:depth]) for depth in range(1, len(inner)))
    return not any(os.path.exists(os.path.join(each, "pyvenv.cfg")) for each in above)


def _below(path: str, directory: str) -> bool:
    return path.startswith(directory.rstrip(os.sep) + os.sep)


def roots_with(*directories: Path) -> tuple[str, ...]:
    """Return the working directory and others, below which files are the user's own."""
    return tuple(dict.fromkeys(os.path.realpath(each) for each in (Path(), *directories)))


# Imports


def imported_from(file: Path, package: Sequence[str] = (), places: Sequence[Path] = ()) -> set[str]:
    """Return the resolved paths of the user's own files that a Python file imports, and theirs.

    ``package`` are the packages that the file is a module of, outermost first; ``places`` are
    searched after the directory that these lie in, and before the path of Python.
    """
    own = file.parent
    for _ in package:
        own = own.parent
    roots = roots_with(own, *places)
    search = search_path([own, *places], roots)
    found: set[str] = set()
    left, sought = [(resolved(file), tuple(package))], set[str]()
    while left:
        source, inside = left.pop()
        names = set(_imports(source, inside)) - sought
        sought |= names
        for name in names:
            for path, its_package in files_of_module(name, search, roots):
                if path not in found:
                    found.add(path)
                    left += [(path, its_package)] if path.endswith(".py") else []
    return found - {resolved(file)}


def search_path(places: Iterable[Path], roots: Sequence[str]) -> tuple[str, ...]:
    """Return where modules of the user's own are sought: also where a script may add to the path.

    A place too many adds at most a file that nothing imports.
    """
    first = [os.path.realpath(place) for place in places]
    python = [*os.environ.get("PYTHONPATH", "").split(os.pathsep), *sys.path]
    known = [os.path.realpath(place or ".") for place in python]
    above = [str(p) for place in first for p in Path(place).parents if _within(str(p), roots)]
    sources = [os.path.join(root, "src") for root in roots]
    there = [place for place in known if _within(place, roots)]
    return tuple(dict.fromkeys([*first, *there, *roots, *above, *sources]))


def _within(place: str, roots: Sequence[str]) -> bool:
    return any(place == root or _below(place, root) for root in roots)


def files_of_module(
    name: str, search: Sequence[str], roots: Sequence[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the files that importing ``name`` reads, each with the packages that it is in."""
    parts = name.split(".")
    for place in search:
        files, package, directory = [], tuple[str, ...](), place
        for part in parts:
            path = os.path.join(directory, part)
            initial = os.path.join(path, "__init__.py")
            if os.path.isfile(initial):
                directory, package = path, (*package, part)
                files.append((initial, package))
            elif module := next((path + s for s in _SUFFIXES if os.path.isfile(path + s)), None):
                files.append((module, package))
                break
            elif os.path.isdir(path):
                directory, package = path, (*package, part)
            else:
                break
        if files:
            own = [(resolved(file), inside) for file, inside in files]
            yield from ((file, inside) for file, inside in own if is_own(file, roots))
            return


def _imports(source: str, package: tuple[str, ...]) -> Iterator[str]:
    """Yield the dotted names that a file may import, those of submodules among them."""
    try:
        status = os.stat(source)
        if status.st_size > MOST_SOURCE:
            return
        found = _parsed(source, status.st_size, status.st_mtime_ns)
    except OSError:
        return
    for level, module, name in found:
        base = package[: len(package) - level + 1] if 0 < level <= len(package) else ()
        dotted = ".".join(filter(None, [*base, module]))
        if dotted and name == "*":
            yield dotted
            yield from (f"{dotted}.{each}" for each in _siblings(source, level, module))
        elif dotted or name:
            yield ".".join(filter(None, [dotted, name]))


def _siblings(source: str, level: int, module: str) -> list[str]:
    """Return the modules that ``from … import *`` may bring, where the package lies beside."""
    above = Path(source).parents[max(level - 1, 0)]
    directory = above.joinpath(*module.split(".")) if module else above
    try:
        return sorted(path.stem for path in directory.glob("*.py") if path.stem.isidentifier())
    except OSError:
        return []


@lru_cache(maxsize=2_048)
def _parsed(source: str, size: int, time: int) -> tuple[tuple[int, str, str], ...]:
    """Return level, module and name of each import in a file; none of one that is no Python."""
    try:
        return tuple(imports_in(ast.parse(Path(source).read_bytes())))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def imports_in(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Yield level, module and name of each import in Python code, wherever in it that stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.level, node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            called, first = node.func, node.args[0]
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in ("import_module", "__import__") and isinstance(first, ast.Constant):
                text = first.value if isinstance(first.value, str) else ""
                level = len(text) - len(text.lstrip("."))
                if text.lstrip("."):
                    yield level, text.lstrip("."), ""


def python_files_below(directory: Path) -> list[Path]:
    """Return the Python files below a directory, but for hidden ones and virtual environments.

    Raises:
        UserCodeError: they are too many for one's own code.
    """
    found: list[Path] = []
    for place, inner, names in os.walk(directory):
        inner[:] = sorted(name for name in inner if _is_code(Path(place, name)))
        found += [Path(place, name) for name in sorted(names) if name.endswith(".py")]
        if len(found) > MOST_FILES:
            raise UserCodeError(f"{directory}: more than {MOST_FILES} Python files; wants fewer")
    return found


def _is_code(directory: Path) -> bool:
    hidden = directory.name.startswith(".") or directory.name == "__pycache__"
    return not (hidden or (directory / "pyvenv.cfg").exists())


# All of a package, and what is recorded


def recorded(files: Iterable[Path]) -> dict[str, str]:
    """Return path → digest of some files, the first of them where they are too many."""
    unique = dict.fromkeys(shown(path) for path in files)
    return {name: digest(Path(name)) for name in list(unique)[:MOST_LISTED]}


def changed(made_of: Mapping[str, str]) -> list[str]:
    """Return those files that are not what they were recorded to be."""
    return [name for name, was in made_of.items() if digest(Path(name)) != was]


# After training


class Imported:
    """The user's own modules that this process has imported, each as it was when first seen."""

    def __init__(self, *directories: Path) -> None:
        """Modules that are there already are not looked at: this process began with them.

        Names are from where the process is now, wherever a user's code may take it.
        """
        self._roots, self._here = roots_with(*directories), os.path.realpath(".")
        self._before = set(sys.modules)
        self._seen: dict[str, str] = {}

    def pass_over(self) -> None:
        """Leave out what was imported since the last look: something else imported it."""
        self._before.update(sys.modules)

    def look(self) -> dict[str, str]:
        """Return path → digest of all that were imported up to now."""
        for name, module in list(sys.modules.items()):
            file = None if name in self._before else getattr(module, "__file__", None)
            self._before.add(name)
            path = os.path.join(self._here, file) if isinstance(file, str) else ""
            if path and is_own(resolved(path), self._roots):
                self._seen.setdefault(shown(Path(path), self._here), digest(Path(path)))
        return dict(self._seen)
