"""A user's own function, ``python:module.function``: found, fingerprinted, imported.

The working directory comes first on the path, as for ``python -m``.  Finding and fingerprinting
run no code of the user's.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

from ablations.errors import AblationsError, UserCodeError
from ablations.files import digest_of
from ablations.own_files import imported_from, python_files_below, resolved, shown

PREFIX = "python:"
FORM = f"{PREFIX}module.function"
_chosen: ContextVar[str | None] = ContextVar("directory of code", default=None)
_taken: str | None = None  # of this process, for good
_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")


class AnotherCodeError(Exception):
    """Code is to be imported where code of another directory was."""


@contextmanager
def code_from(directory: str | None) -> Iterator[None]:
    """Find functions in a directory, in place of the working directory; none are imported."""
    token = _chosen.set(directory)
    try:
        yield
    finally:
        _chosen.reset(token)


def take_code_from(directory: str | None) -> None:
    """Let this process import from a directory in place of the working directory, for good.

    Raises:
        AnotherCodeError: it has taken another: modules of two versions must never meet.
    """
    global _taken
    if directory == _taken:
        return
    if _taken is not None or directory is None:
        raise AnotherCodeError(f"{directory} after {_taken}")
    _taken = directory
    here = {"", str(Path.cwd())}
    sys.path[:] = [str(Path(directory).resolve()), *(p for p in sys.path if p not in here)]


def code_directory() -> str | None:
    """Return where functions and programs are found in place of the working directory, if so."""
    return _chosen.get() or _taken


@dataclass(frozen=True)
class UserFunction:
    """A function in a module that may not be imported yet."""

    module: str
    function: str

    @classmethod
    def named(cls, name: str) -> UserFunction:
        """Return the function that ``name`` (``python:module.function``) stands for.

        Raises:
            UserCodeError: the name is of another form.
        """
        dotted = name.removeprefix(PREFIX)
        if not name.startswith(PREFIX) or not _NAME.fullmatch(dotted):
            raise UserCodeError(f'wants {FORM}, got "{name}"')
        module, _, function = dotted.rpartition(".")
        return cls(module, function)

    def __str__(self) -> str:
        return f"{PREFIX}{self.module}.{self.function}"

    def files(self) -> list[Path]:
        """Return the Python files of the package that the module is in, or the one module.

        Behind them come the user's own files elsewhere that the module imports, and theirs.  Where
        another directory is chosen for the code, all that lie below it.

        Raises:
            UserCodeError: there is no such module, or it has no Python source.
        """
        directory = code_directory()
        if directory is None:
            _search_here_first()
        top, *inner = self.module.split(".")
        spec = _top_level(top) if directory is None else _in(directory, top)
        locations = spec.submodule_search_locations if spec else None
        found, name = spec, top
        for part in inner:
            name = f"{name}.{part}"
            places = found.submodule_search_locations if found else None
            found = PathFinder.find_spec(name, places) if places else None
        if spec is None or found is None:
            where = directory or "the working directory and the Python path"
            raise UserCodeError(f"no module {self.module} in {where}")
        if directory is not None:
            return python_files_below(Path(directory))
        if locations:
            # A package without an __init__ is in each place of the path, which may be named twice.
            files = sorted({file for place in locations for file in Path(place).rglob("*.py")})
        else:
            files = [path for path in [Path(spec.origin or "")] if path.suffix == ".py"]
        if not files:
            raise UserCodeError(f"module {self.module} has no Python source")
        return [*files, *self._imported(found, {resolved(path) for path in files})]

    def _imported(self, found: ModuleSpec, known: set[str]) -> list[Path]:
        """Return the user's own files that the module imports, but for those that are known."""
        if found.origin is None:
            return []
        parts = self.module.split(".")
        package = parts if found.submodule_search_locations else parts[:-1]
        imported = imported_from(Path(found.origin), package)
        return sorted(map(Path, imported - known), key=shown)

    def digest(self) -> str:
        """Return the hash of ``files``: what the function does has changed only if this has.

        Raises:
            UserCodeError: there is no such module, or a file of it cannot be read.
        """
        try:
            return digest_of(self.files())
        except AblationsError as error:
            raise UserCodeError(str(error)) from None

    def load(self) -> Callable[..., Any]:
        """Import the module and return the function.

        Raises:
            UserCodeError: the module does not import, or holds no such function.
        """
        if code_directory() is None:
            _search_here_first()
        try:
            module = importlib.import_module(self.module)
        except Exception as error:
            raise UserCodeError(f"{self}: does not import: {self.blame(error)}") from error
        function = getattr(module, self.function, None)
        if not callable(function):
            raise UserCodeError(f"{self}: {self.module} has no function {self.function}")
        return function  # type: ignore[no-any-return]

    def call(self, *arguments: Any, **parameters: Any) -> Any:
        """Import and call the function.

        Raises:
            UserCodeError: it does not import, does not take the arguments, or raises.
        """
        function = self.load()
        self._check_takes(function, arguments, parameters)
        try:
            return function(*arguments, **parameters)
        except Exception as error:
            raise UserCodeError(f"{self}: {self.blame(error)}") from error

    def _check_takes(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], parameters: dict[str, Any]
    ) -> None:
        """Refuse a function that cannot be called so; one that does not say what it takes is."""
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):
            return
        try:
            signature.bind(*arguments, **parameters)
        except TypeError as error:
            named = (f"{name}={_shown(value)}" for name, value in parameters.items())
            given = [*map(_shown, arguments), *named]
            called = f"{self.function}({', '.join(given)})"[:300]
            raise UserCodeError(
                f"{self}: {error}; is called as {called}, wants a function that takes that, "
                f"got {self.function}{signature}"[:600]
            ) from None

    def check_takes(self, *names: str) -> None:
        """Import the function, and refuse one that cannot be called with so many arguments.

        Raises:
            UserCodeError: says how it is called, and what it takes.
        """
        function = self.load()
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):  # it does not say what it takes
            return
        try:
            signature.bind(*names)
        except TypeError as error:
            raise UserCodeError(
                f"{self}: {error}; is called as {self.function}({', '.join(names)}), got "
                f"{self.function}{signature}"[:600]
            ) from None

    def blame(self, error: BaseException) -> str:
        """Return one line: where in the user's files it went wrong, and what."""
        reason = (str(error).strip().splitlines() or [""])[0]
        return f"{self.place_of(error)}{type(error).__name__}: {reason}"[:500]

    def place_of(self, error: BaseException) -> str:
        """Return ``FILE:LINE: `` of the user's files that an error came from; else nothing."""
        own = {str(file) for file in self.files()}
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in own]
        return f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""


def _shown(value: Any) -> str:
    """Return an argument as it is written; of an array or a tensor its shape, ``[B, 1]``."""
    shape = getattr(value, "shape", None)
    if shape is None:
        return repr(value)
    try:
        return f"[{', '.join('B' if size is None else str(size) for size in shape)}]"
    except (TypeError, ValueError):  # of unknown rank
        return type(value).__name__


def _search_here_first() -> None:
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    importlib.invalidate_caches()


def _top_level(name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except ValueError:  # a module without a specification, such as __main__
        return None


def _in(directory: str, name: str) -> ModuleSpec | None:
    importlib.invalidate_caches()
    return PathFinder.find_spec(name, [str(Path(directory).resolve())])
