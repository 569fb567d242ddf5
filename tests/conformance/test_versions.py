"""The versions that the project allows are those that its tests run with."""

from __future__ import annotations

import tomllib
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DECLARED = {r.name: r for r in map(Requirement, PROJECT["dependencies"])}
EXTRAS = [Requirement(r) for extra in PROJECT["optional-dependencies"].values() for r in extra]
LOCKED = {
    requirement.name.lower(): str(requirement.specifier).removeprefix("==")
    for lock in (
        "requirements.lock",
        "requirements-browser.lock",
        "requirements-gpu.lock",
        "requirements-ray.lock",
        "requirements-notebook.lock",
        "requirements-readers.lock",
    )
    for requirement in map(Requirement, (ROOT / lock).read_text().split())
}


@pytest.mark.parametrize("package", ["tensorflow", "keras", "tensorboard"])
def test_a_package_whose_inside_we_touch_has_the_tested_minor_version_as_its_ceiling(package):
    major, minor, *_ = map(int, version(package).split("."))
    allowed = DECLARED[package].specifier
    assert allowed.contains(f"{major}.{minor}.0")
    assert not allowed.contains(f"{major}.{minor + 1}.0")
    assert not allowed.contains(f"{major + 1}.0.0")


def test_what_is_imported_is_declared():
    import ast
    import sys

    names = {"yaml": "pyyaml", "sklearn": "scikit-learn", "google_crc32c": "google-crc32c"}
    names |= {"google": "protobuf", "markupsafe": "jinja2", "pydantic_core": "pydantic"}
    names |= {"absl": "absl-py"}
    imported = set()
    for path in (ROOT / "ablations").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    theirs = sys.stdlib_module_names | {"ablations", "sitecustomize"}  # the last is the user's own
    ours = {names.get(name, name) for name in imported - theirs}
    assert ours - DECLARED.keys() == {"ray"} & {extra.name for extra in EXTRAS}
    assert {name for name in DECLARED if name not in ours} == {"scikit-learn"}  # its file alone


def test_the_lock_is_what_the_project_declares():
    wrong = [
        str(requirement)
        for requirement in (*DECLARED.values(), *EXTRAS)
        if not requirement.specifier.contains(LOCKED.get(requirement.name.lower(), "0"))
    ]
    assert wrong == []


def test_the_lock_for_gpus_is_what_tensorflow_asks_for_with_cuda():
    asked = [Requirement(line) for line in requires("tensorflow") or []]
    wanted = {r.name: r.specifier for r in asked if 'extra == "and-cuda"' in str(r.marker)}
    locked = (ROOT / "requirements-gpu.lock").read_text().split()
    pinned = {name: pin for name, _, pin in (line.partition("==") for line in locked)}
    assert pinned.keys() == wanted.keys() != set()
    assert [name for name, pin in pinned.items() if not wanted[name].contains(pin)] == []
