"""Private names of Keras and TensorFlow: in one file, probed, and not missed in silence."""

from __future__ import annotations

import ast
import dataclasses
import re
from pathlib import Path

import pytest

import ablations
from ablations.techniques.keras import internals

PACKAGE = Path(ablations.__file__).parent
HOME = "techniques/keras/internals.py"
DOCUMENTED = {"os._exit"}


def private_uses(path: Path) -> list[str]:
    """Return ``object._name`` wherever a file reads a private name of something not its own.

    A class that inherits from another library's may read its parent's; so the names that a file
    defines itself count as its own, and no others.
    """
    tree = ast.parse(path.read_text())
    own = {n.name for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    stores = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute | ast.Name)]
    for node in stores:
        if isinstance(node.ctx, ast.Store):
            own.add(node.attr if isinstance(node, ast.Attribute) else node.id)
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and node.attr not in own
        and ast.unparse(node) not in DOCUMENTED
    ]


def test_only_one_file_touches_private_names():
    found = {
        str(path.relative_to(PACKAGE)): uses
        for path in sorted(PACKAGE.rglob("*.py"))
        if (uses := private_uses(path)) and str(path.relative_to(PACKAGE)) != HOME
    }
    assert found == {}
    assert private_uses(PACKAGE / HOME)


def test_only_one_file_reaches_into_the_packages():
    inner = re.compile(r"keras\.src|tensorflow\.python|sys\.modules\.update")
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if inner.search(path.read_text())
    }
    assert found == {HOME}


def test_the_locked_versions_have_all_of_them(tensorflow):
    assert internals.probe() == frozenset()


@pytest.fixture
def without(monkeypatch):
    """Return a function that makes one of the private names look missing."""

    def remove(reason: str) -> None:
        table = tuple(
            dataclasses.replace(private, is_there=lambda: False)
            if reason in private.reason
            else private
            for private in internals.PRIVATE
        )
        assert table != internals.PRIVATE
        monkeypatch.setattr(internals, "PRIVATE", table)
        internals.probe.cache_clear()

    yield remove
    internals.probe.cache_clear()


def test_a_missing_name_stops_where_results_would_be_wrong(tensorflow, without):
    without("dropout")
    with pytest.raises(internals.IncompatibleVersionError, match="_seed_generators") as caught:
        internals.probe()
    assert len(str(caught.value).splitlines()) == 1


def test_a_missing_name_warns_once_where_memory_is_lost(tensorflow, without):
    without("kernels of dropped programs")
    with pytest.warns(UserWarning, match="clear_kernel_cache"):
        missing = internals.probe()
    assert internals.probe() == missing != frozenset()  # in silence: a warning would be an error


@pytest.mark.parametrize(
    ("check", "use"),
    [
        ("_gradient_registry", lambda: internals.forget_custom_gradients()),
        ("_kernel_cache", lambda: internals.clear_kernel_cache()),
        ("_optimizer_step", lambda: internals.on_one_device.__wrapped__(dict)),
    ],
)
def test_what_needs_a_missing_name_does_without(tensorflow, monkeypatch, check, use):
    gone = next(p for p in internals.PRIVATE if p.is_there is getattr(internals, check))
    monkeypatch.setattr(internals, "probe", lambda: frozenset({gone.name}))
    assert use() in (None, dict)
