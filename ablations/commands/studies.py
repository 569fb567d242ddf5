"""Find studies by path, or by name in ``configs/`` or here, and load them against the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ablations.analysis.read.collect import read_record, recorded_studies
from ablations.errors import AblationsError, Problem, StudyError, one_line, suggest
from ablations.execution.catalog import CATALOG
from ablations.ledger.paths import RunsDirectory
from ablations.study.load import load_studies
from ablations.study.schema import WRITTEN_IN_PYTHON, Study
from ablations.study.yaml_reader import read_yaml

CONFIGS = Path("configs")
PATH = re.compile(r"[A-Za-z0-9_.\[\]-]+")
"""The dotted path of a setting."""
_SAYS_SO, _MOST_READ = re.compile(r"^study\s*:", re.MULTILINE), 65_536
HASHED = re.compile(r"-[0-9a-f]{8}$")
"""How a value ends that cannot stand in a name as it is."""


def find(study: str) -> Path:
    """Return the file of a study given by its path, or by its name in ``configs/`` or here.

    The name may be that of one of its parts.  A file below the working directory is named from
    there, so that it is found on any machine.

    Raises:
        AblationsError: there is none; names the nearest.
    """
    path = Path(study)
    is_file = _is_file(path)
    if path.suffix in (".yaml", ".yml") or is_file:
        if not is_file:
            raise AblationsError(f"{path}: no such file; wants a study file")
        here = Path.cwd()
        return path.relative_to(here) if path.is_relative_to(here) else path
    name = f"{study.partition('+')[0]}.yaml"
    for named in (CONFIGS / name, Path(name)):
        if _is_file(named):
            return named
    known = [path.stem for path in all_files()]
    name = one_line(study)
    raise AblationsError(f'no study "{name}" in {CONFIGS}/ or here; {suggest(name, known)}')


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def all_files() -> list[Path]:
    """Return the study files in ``configs/``, then those here, by name."""
    here = (path for path in sorted(Path().glob("*.yaml")) if _is_a_study(path))
    return [*sorted(CONFIGS.glob("*.yaml")), *here]


def _is_a_study(path: Path) -> bool:
    """Whether a YAML file, which may be anything, says that it is a study."""
    try:
        with path.open(encoding="utf-8") as stream:
            return _SAYS_SO.search(stream.read(_MOST_READ)) is not None
    except (OSError, ValueError):
        return False


def load(study: str, overrides: Mapping[str, Any] | None = None) -> tuple[Study, ...]:
    """Load a study, a variant of it, or their parts; or the one part that is named.

    ``overrides`` make a variant, as its name does: ``activations+training.epochs=1``.

    Raises:
        AblationsError: the study has no such part or variant.
        StudyError: the file is wrong.
    """
    path = find(study)
    loaded = load_studies(path, CATALOG, overrides)
    if "+" not in study or _is_file(Path(study)):
        return loaded
    settings = _settings_in(study)
    spanned = {each.part.path for each in loaded if each.part}
    own = {path: value for path, (value, _) in settings.items() if path not in spanned}
    if own:
        loaded = load_studies(path, CATALOG, {**own, **(overrides or {})})
    labels = {path: label for path, (_, label) in settings.items() if path in spanned}
    named = tuple(
        e for e in loaded if not labels or (e.part and labels == {e.part.path: e.part.label})
    )
    if not named:
        raise AblationsError(f'no part "{study}"; {suggest(study, [e.study for e in loaded])}')
    return named


def load_kept(study: str, overrides: Mapping[str, Any] | None, runs: Path) -> tuple[Study, ...]:
    """Load a study as ``load`` does; one that no file says is as ``runs`` has recorded it.

    So is one that was written in Python, and one whose results were imported.
    """
    if overrides or "/" in study or not RunsDirectory(runs).record(study).is_file():
        return load(study, overrides)
    record = read_record(runs, study)
    if not has_file(record):
        return (record,)
    try:
        find(study)
    except AblationsError:
        return (record,)
    return load(study)


def has_file(record: Study) -> bool:
    """Whether a study that was run was written in a file."""
    return not record.imported and record.file != WRITTEN_IN_PYTHON


def _settings_in(name: str) -> dict[str, tuple[Any, str]]:
    """Return dotted path → value and label of what the name of a variant or part says."""
    found = {}
    for setting in name.split("+")[1:]:
        path, equals, label = setting.partition("=")
        if not equals or not PATH.fullmatch(path) or HASHED.search(label):
            where, path = one_line(name), one_line(path)
            raise AblationsError(f'no study "{where}"; wants --set {path}=… for what differs')
        found[path] = read_yaml(label, name).data, label
    return found


def overrides_of(named: object, assignments: Sequence[str]) -> dict[str, Any]:
    """Return what ``--set`` changes in the study, or studies, that the command names.

    Raises:
        AblationsError: it names none, or an assignment is none.
    """
    if assignments and not named:
        raise AblationsError("--set: wants a study whose variant is meant")
    return parse_overrides(assignments)


def parse_overrides(assignments: Sequence[str]) -> dict[str, Any]:
    """Return dotted path → value of ``key=value`` pairs; a value is read as YAML.

    Raises:
        AblationsError: a pair is none, or its value is not YAML.
    """
    overrides = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or not PATH.fullmatch(key.strip()):
            raise AblationsError(f'--set wants key=value, got "{one_line(assignment)}"')
        overrides[key.strip()] = read_yaml(value, f"--set {key}").data
    return overrides


def variants(runs: Path, studies: Iterable[Study]) -> list[Study]:
    """Return the variants of some studies that ``runs`` keeps, as their files have them now."""
    known, found = {study.study: study for study in studies}, []
    files = {name.partition("+")[0]: study.file for name, study in known.items()}
    for name in recorded_studies(runs):
        file = files.get(name.partition("+")[0])
        if file and name not in known:
            overrides = read_record(runs, name).overrides
            loaded = load_studies(Path(file), CATALOG, overrides)
            found += [study for study in loaded if study.study == name]
    return found


def load_all(runs: Path | None = None) -> tuple[list[Study], list[Problem]]:
    """Return the studies in ``configs/`` and here, and what is wrong with those that are not read.

    With ``runs``, all others that it has recorded as well: from their files, where these are left.

    Raises:
        AblationsError: there are no studies.
    """
    loaded: list[Study] = []
    problems: list[Problem] = []
    records = _records(runs) if runs else []
    filed = [record for record in records if has_file(record) and _is_file(Path(record.file))]
    files = dict.fromkeys([*all_files(), *(Path(record.file) for record in filed)])
    for path in files:
        try:
            loaded += load_studies(path, CATALOG)
        except StudyError as error:
            problems += error.problems
    loaded += [record for record in records if record not in filed]
    if not loaded and not problems:
        kept = f", and none was run in {runs}/" if runs else ""
        raise AblationsError(f"{CONFIGS}/: no studies there or here{kept}; wants *.yaml files")
    return loaded, problems


def _records(runs: Path) -> list[Study]:
    """Return the studies that ``runs`` has recorded."""
    records = []
    for name in recorded_studies(runs):
        try:
            records.append(read_record(runs, name))
        except AblationsError:  # of another version: its report says so
            continue
    return records
