"""Find studies by path or by name in ``configs/``, and load them against the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ablations.errors import AblationsError, Problem, StudyError, suggest
from ablations.execution.catalog import CATALOG
from ablations.study.load import load_studies
from ablations.study.schema import Study
from ablations.study.yaml_reader import read_yaml

CONFIGS = Path("configs")


def find(study: str) -> Path:
    """Return the file of a study given by its path or by its name in ``configs/``.

    The name may be that of one of its parts.  A file below the working directory is named from
    there, so that it is found on any machine.

    Raises:
        AblationsError: there is none; names the nearest.
    """
    path = Path(study)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        if not path.is_file():
            raise AblationsError(f"{path}: no such file; wants a study file")
        here = Path.cwd()
        return path.relative_to(here) if path.is_relative_to(here) else path
    named = CONFIGS / f"{study.partition('+')[0]}.yaml"
    if named.is_file():
        return named
    known = [path.stem for path in all_files()]
    raise AblationsError(f'no study "{study}" in {CONFIGS}/; {suggest(study, known)}')


def all_files() -> list[Path]:
    """Return the study files in ``configs/``, by name."""
    return sorted(CONFIGS.glob("*.yaml"))


def load(study: str, overrides: Mapping[str, Any] | None = None) -> tuple[Study, ...]:
    """Load a study, or its parts, or the one part that is named.

    See ``ablations.study.load.load_studies``.

    Raises:
        AblationsError: the study has no such part.
    """
    path = find(study)
    loaded = load_studies(path, CATALOG, overrides)
    if "+" not in study or Path(study).is_file():
        return loaded
    named = tuple(each for each in loaded if each.study == study)
    if not named:
        raise AblationsError(f'no part "{study}"; {suggest(study, [s.study for s in loaded])}')
    return named


def parse_overrides(assignments: Sequence[str]) -> dict[str, Any]:
    """Return dotted path → value of ``key=value`` pairs; a value is read as YAML.

    Raises:
        AblationsError: a pair is none, or its value is not YAML.
    """
    overrides = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or not key:
            raise AblationsError(f'--set wants key=value, got "{assignment}"')
        overrides[key.strip()] = read_yaml(value, f"--set {key}").data
    return overrides


def load_all() -> tuple[list[Study], list[Problem]]:
    """Return the studies in ``configs/`` that can be loaded, and what is wrong with the others.

    Raises:
        AblationsError: there are no study files.
    """
    loaded: list[Study] = []
    problems: list[Problem] = []
    files = all_files()
    if not files:
        raise AblationsError(f"{CONFIGS}/: no studies; wants *.yaml files")
    for path in files:
        try:
            loaded += load_studies(path, CATALOG)
        except StudyError as error:
            problems += error.problems
    return loaded, problems
