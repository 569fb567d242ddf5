"""Read YAML into plain data that knows where each value stood, and refuse what could hurt.

PyYAML takes the last of two equal keys, reads ``1e-3`` as text and ``no`` as False, and lets a
400-byte file expand to gigabytes.  This reader builds from the event stream without recursion:
YAML 1.2's core types, limits on bytes, depth and nodes, and no aliases, tags or repeated keys.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from ablations.errors import Problem, StudyError

MAXIMUM_BYTES = 2 * 1024**2
MAXIMUM_DEPTH = 20
MAXIMUM_NODES = 200_000

Path = tuple[str | int, ...]
Mark = tuple[int, int]  # line and column, from 1

_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_UNDERSCORES = re.compile(r"[-+]?(\.[0-9][0-9_]*|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?")
_OTHER_BASE = re.compile(r"[-+]?0([xX][0-9a-fA-F][0-9a-fA-F_]*|[oO][0-7][0-7_]*|[bB][01][01_]*)")
_NOT_FINITE = re.compile(r"[-+]?\.?(inf|infinity|nan)", re.IGNORECASE)
_SPELLINGS = {
    **dict.fromkeys(("true", "yes", "on"), "true"),
    **dict.fromkeys(("false", "no", "off"), "false"),
    **dict.fromkeys(("null", "~"), "null"),
}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SURROGATE = re.compile("[\ud800-\udfff]")  # cannot be written to any file
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # but \t and \n
_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def reads_as(text: str) -> str | None:
    """Return how the number, boolean or null that a text looks like is spelt; None for other text.

    ``false`` for ``no``, ``1000`` for ``1_000``, ``0.2`` for a quoted one; empty for infinity and
    NaN, which have no spelling.
    """
    text = text.strip()
    if text == "None" or text.lower() in _SPELLINGS:
        return _SPELLINGS.get(text.lower(), "null")
    if _OTHER_BASE.fullmatch(text):
        return str(int(text.replace("_", ""), 0))
    if _UNDERSCORES.fullmatch(text):
        number = text.replace("_", "")
        return number if math.isfinite(float(number)) else ""
    return "" if _NOT_FINITE.fullmatch(text) else None


@dataclass(frozen=True)
class Document:
    """Plain data, with the mark of every key and every value by its path."""

    file: str
    data: Any
    values: dict[Path, Mark] = field(repr=False)
    keys: dict[Path, Mark] = field(repr=False)
    plain: frozenset[Path] = field(default=frozenset(), repr=False)
    """Where text stands without quotes."""

    def problem(self, path: Path, message: str, at_key: bool = False) -> Problem:
        """Return a problem at ``path``, or at the nearest parent that stands in the file."""
        in_list = path and isinstance(path[-1], int)
        marks = self.keys if at_key and not in_list else self.values
        known = path
        while known and known not in marks:
            known = known[:-1]
        line, column = marks.get(known) or self.values.get((), (1, 1))
        return Problem(self.file, line, column, ".".join(map(str, path)), message)


def read_yaml(text: str | bytes, file: str) -> Document:
    """Return the document in ``text``; ``file`` is the name for error messages.

    Raises:
        StudyError: the text is not YAML, or holds what the reader refuses.
    """
    if len(text) > MAXIMUM_BYTES:
        raise StudyError([Problem(file, 1, 1, "", f"is larger than {MAXIMUM_BYTES} bytes")])
    try:
        return _Builder(file).build(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise StudyError([Problem(file, line, column, "", f"not YAML: {error.problem}")]) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # PyYAML lets int() and chr() fail
        reason = str(error).splitlines()[0]
        raise StudyError([Problem(file, 1, 1, "", f"not YAML: {reason}")]) from None


def parse_scalar(text: str) -> Any:
    """Read one plain scalar by YAML 1.2's core schema; ``1e-3`` is a number, ``no`` is text."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text) and len(text) <= 40:
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


@dataclass
class _Open:
    """A mapping or list whose end has not been read yet."""

    container: Any
    path: Path
    key: str | None = None


class _Builder:
    def __init__(self, file: str) -> None:
        self.file = file
        self.values: dict[Path, Mark] = {}
        self.keys: dict[Path, Mark] = {}
        self.plain: set[Path] = set()
        self.stack: list[_Open] = []
        self.root: Any = None

    def build(self, text: str | bytes) -> Document:
        for number, event in enumerate(yaml.parse(text, Loader=_LOADER)):
            if number > MAXIMUM_NODES:
                self._refuse(event, f"more than {MAXIMUM_NODES} values")
            self._take(event)
        plain = frozenset(self.plain)
        return Document(self.file, self.root, self.values, self.keys, plain)

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, "aliases (*name) are not allowed")
        if isinstance(event, yaml.DocumentStartEvent) and () in self.values:
            self._refuse(event, "one document a file")
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.stack.pop()
        if not isinstance(
            event, (yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent)
        ):
            return
        if isinstance(event, yaml.ScalarEvent):
            if _SURROGATE.search(event.value):
                self._refuse(event, "half a character (a lone surrogate) is not allowed")
            if _CONTROL.search(event.value):
                self._refuse(event, "characters that control a terminal are not allowed")
        if event.anchor:
            self._refuse(event, "anchors (&name) are not allowed")
        if event.tag and not (isinstance(event, yaml.ScalarEvent) and event.implicit[1]):
            self._refuse(event, f"tags ({event.tag}) are not allowed")
        parent = self.stack[-1] if self.stack else None
        if parent is not None and isinstance(parent.container, dict) and parent.key is None:
            self._take_key(event, parent)
        else:
            self._take_value(event, parent)

    def _take_key(self, event: yaml.Event, parent: _Open) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "a key must be plain text")
            return
        if event.value in parent.container:
            self._refuse(event, f'the key "{event.value}" stands twice')
        if event.value == "<<":
            self._refuse(event, "merge keys (<<) are not allowed")
        parent.key = event.value
        self.keys[(*parent.path, event.value)] = _mark(event)

    def _take_value(self, event: yaml.Event, parent: _Open | None) -> None:
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value = parse_scalar(event.value) if event.implicit[0] else event.value
        else:
            value = {} if isinstance(event, yaml.MappingStartEvent) else []
        path: Path = ()
        if parent is None:
            self.root = value
        elif isinstance(parent.container, dict):
            assert parent.key is not None
            path = (*parent.path, parent.key)
            parent.container[parent.key] = value
            parent.key = None
        else:
            path = (*parent.path, len(parent.container))
            parent.container.append(value)
        self.values[path] = _mark(event)
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and isinstance(value, str):
            self.plain.add(path)
        if not isinstance(event, yaml.ScalarEvent):
            if len(self.stack) >= MAXIMUM_DEPTH:
                self._refuse(event, f"nested more than {MAXIMUM_DEPTH} deep")
            self.stack.append(_Open(value, path))

    def _refuse(self, event: yaml.Event, message: str) -> None:
        line, column = _mark(event)
        path = self.stack[-1].path if self.stack else ()
        raise StudyError([Problem(self.file, line, column, ".".join(map(str, path)), message)])


def _mark(event: yaml.Event) -> Mark:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
