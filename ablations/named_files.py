"""The files that a study names: by words of a command, by settings, by patterns.

Behind the words of a command stand those that its programs import and its scripts name.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ablations.own_files import (
    INSTALLED,
    MOST_NAME,
    RESULTS,
    files_of_module,
    imported_from,
    imports_in,
    is_file,
    is_own,
    python_files_below,
    resolved,
    roots_with,
    search_path,
    shown,
)

MOST_SCRIPT = 200_000
"""Bytes of a shell script that is read."""
_SHELLS = ("sh", "bash", "dash", "zsh", "ksh")
_SHELL = re.compile(rf"\b({'|'.join(_SHELLS)})\b")
_IS_PYTHON = re.compile(r"python[\d.]*")
_DOTTED = re.compile(r"\w+(\.\w+)*")
_MINUS_C = re.compile(r"-[a-z]*c")


def files_in_words(words: Sequence[str], directory: str | Path = "") -> list[Path]:
    """Return the files that whole words of a command name, in their order, wherever they lie."""
    return [Path(directory, word) for word in words if is_file(word, directory)]


def files_behind_words(words: Sequence[str], directory: str | Path = "") -> list[Path]:
    """Return the other files that a command is made of, in the order of their paths.

    These are what its Python files import, the modules behind ``-m``, files named after ``=``, and
    what the text behind ``sh -c`` and shell scripts name alike.
    """
    found = _Behind(Path(directory))
    found.add(words)
    named = set(map(resolved, files_in_words(words, directory)))
    return sorted(map(Path, found.files - named), key=shown)


class _Behind:
    """Collects the files behind the words of a command, which is run in a directory."""

    def __init__(self, here: Path) -> None:
        self.here, self.files = here, set[str]()
        self._roots = roots_with(here)
        self._search = search_path([here], self._roots)
        self._read = set[str]()

    def add(self, words: Sequence[str], script: Path | None = None, in_shell: bool = False) -> None:
        """Add what some words name, which may stand ``in_shell``: in a script, or behind ``-c``."""
        shell, before = False, ""
        for place, word in enumerate(words):
            if before in (">", ">>", "tee"):  # a file that is written
                before = ""
                continue
            if before == "-m" and _DOTTED.fullmatch(word):
                self._run_by_name(word)
            elif _MINUS_C.fullmatch(before) and shell:
                self.add(_shell_words(word), script, in_shell=True)
            elif before == "-c" and any(map(_is_python, words[:place])):
                self._imported_by_text(word)
            shell = shell or Path(word[:MOST_NAME]).name in _SHELLS
            for text in dict.fromkeys([word, *word.split("=")[1:], word.partition("=")[2]]):
                self._add_named(text, script, in_shell)
            before = word

    def _add_named(self, text: str, script: Path | None, in_shell: bool) -> None:
        path = self._named(text, script)
        if path is None or (in_shell and not is_own(resolved(path), self._roots)):
            return
        real = resolved(path)
        self.files.add(real)
        if real in self._read:
            return
        self._read.add(real)
        first = _first_line(path)
        if path.suffix == ".py" or (first.startswith("#!") and "python" in first):
            self.files |= imported_from(path, places=(self.here,))
        elif path.suffix in (".sh", ".bash") or (first.startswith("#!") and _SHELL.search(first)):
            self.add(_shell_words(_text_of(path)), path, in_shell=True)

    def _named(self, text: str, script: Path | None) -> Path | None:
        """Return the file that a text names; behind a variable, ``$here/x.py``, beside a script."""
        if is_file(text, self.here):
            return self.here / text
        if script is not None and "/" in text and is_file(text.rpartition("/")[2], script.parent):
            return script.parent / text.rpartition("/")[2]
        return None

    def _run_by_name(self, name: str) -> None:
        """Add the files of a module that ``-m`` runs: all of its package, and what they import."""
        for module in (name, f"{name}.__main__"):
            for path, package in files_of_module(module, self._search, self._roots):
                self.files |= {path, *imported_from(Path(path), package, (self.here,))}
                if package:
                    top = Path(path).parents[len(package) - 1]
                    self.files |= set(map(resolved, python_files_below(top)))

    def _imported_by_text(self, code: str) -> None:
        try:
            imports = list(imports_in(ast.parse(code)))
        except (SyntaxError, ValueError, RecursionError):
            return
        for _, module, name in imports:
            dotted = ".".join(filter(None, [module, name]))
            for path, package in files_of_module(dotted, self._search, self._roots):
                self.files |= {path, *imported_from(Path(path), package, (self.here,))}


def _text_of(script: Path) -> str:
    try:
        return script.read_text(errors="replace") if script.stat().st_size <= MOST_SCRIPT else ""
    except OSError:
        return ""


def _first_line(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.readline(200).decode(errors="replace")
    except OSError:
        return ""


def _shell_words(text: str) -> list[str]:
    """Return the words of shell code, without what joins commands; comments are left out."""
    words: list[str] = []
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        try:
            words += list(lexer)
        except ValueError:  # a quotation that goes on in the next line
            words += line.replace('"', " ").replace("'", " ").split()
    return words


def _is_python(word: str) -> bool:
    return _IS_PYTHON.fullmatch(Path(word[:MOST_NAME]).name) is not None


# Settings and patterns


def files_named(values: Any, directory: str | Path = "") -> list[Path]:
    """Return the files that texts in nested settings name, from here or from a directory."""
    if isinstance(values, str):
        places = dict.fromkeys(("", directory))
        return [Path(place, values) for place in places if is_file(values, place)][:1]
    if isinstance(values, Mapping):
        values = list(values.values())
    if isinstance(values, (list, tuple)):
        return [path for value in values for path in files_named(value, directory)]
    return []


def files_matching(directory: Path, pattern: str) -> list[Path]:
    """Return the files of a path or pattern, in order, but for hidden ones and results of runs."""
    if is_file(pattern, directory):
        return [directory / pattern]
    found: list[Path] = []
    try:
        for path in sorted(directory.glob(pattern)) if not os.path.isabs(pattern) else ():
            inner = path.relative_to(directory).parts
            hidden = any(part.startswith(".") or part in INSTALLED for part in inner)
            if path.is_file() and not hidden and inner[0] not in RESULTS:
                found.append(path)
    except (OSError, ValueError, NotImplementedError):  # a pattern that no file can have
        return []
    return found
