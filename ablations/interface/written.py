"""Studies that are written as plain dicts, with the keys of a study file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yaml import YAMLError

from ablations.errors import AblationsError, Problem, StudyError
from ablations.execution.catalog import CATALOG
from ablations.study.load import resolve
from ablations.study.schema import WRITTEN_IN_PYTHON, Study
from ablations.study.yaml_reader import Document, read_yaml
from ablations.study.yaml_reader import Path as DataPath
from ablations.study.yaml_writer import to_yaml

NAME = "Study"
"""What stands in errors in place of the file."""


@dataclass(frozen=True)
class _Written(Document):
    """A document that has no lines."""

    def problem(self, path: DataPath, message: str, at_key: bool = False) -> Problem:
        """Return a problem at ``path``."""
        return Problem(NAME, 0, 0, ".".join(map(str, path)), message)


def studies_of(content: Mapping[str, Any]) -> tuple[Study, ...]:
    """Return the study that a dict says, or its parts: checked as a study file is.

    Raises:
        AblationsError: something in it is no plain data.
        StudyError: it is no study; names all that is wrong, by its dotted path.
    """
    plain = _plain(content, ())
    try:
        data = read_yaml(to_yaml(plain), NAME).data  # the limits of a file hold here too
    except StudyError as error:
        raise StudyError([Problem(NAME, 0, 0, p.path, p.message) for p in error.problems]) from None
    except (YAMLError, RecursionError) as error:
        raise AblationsError(f"{NAME}: wants plain data, got {type(error).__name__}") from None
    return resolve(_Written(WRITTEN_IN_PYTHON, data, {}, {}), CATALOG, {})


def _plain(value: Any, at: tuple[str, ...]) -> Any:
    """Return dicts, lists and scalars; numbers and arrays of NumPy become Python's."""
    if isinstance(value, Mapping):
        return {_key(key, at): _plain(inner, (*at, str(key))) for key, inner in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [_plain(inner, (*at, str(place))) for place, inner in enumerate(value)]
    if hasattr(value, "tolist"):
        return _plain(value.tolist(), at)
    where = ".".join(at)
    if isinstance(value, float) and not math.isfinite(value):  # YAML would read it as text
        raise AblationsError(f"{NAME}: {where}: expected a finite number, got {value}")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Path):
        return str(value)
    if callable(value):
        raise AblationsError(
            f'{NAME}: {where}: wants the name of a function, "python:module.function" in a file '
            f"module.py, got {getattr(value, '__name__', type(value).__name__)} itself"
        )
    raise AblationsError(f"{NAME}: {where}: wants plain data, got {type(value).__name__}")


def _key(key: Any, at: tuple[str, ...]) -> str:
    if isinstance(key, str):
        return key
    where = ".".join(at)
    raise AblationsError(f"{NAME}: {where}: wants text for keys, got {key!r}")
