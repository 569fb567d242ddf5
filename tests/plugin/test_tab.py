"""What TensorBoard loads: light, harmless, and silent until the tab is open."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ablations.plugin import routes, tab
from ablations.plugin.static_files import STATIC
from tests.support.synthetic_runs import SyntheticStudy

NAME = "activations"
OPENED: list[str] = []
WATCHED: list[str] = []


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if WATCHED and event in ("open", "os.listdir", "os.scandir") and arguments:
        path = str(arguments[0])
        if path.startswith(WATCHED[0]):
            OPENED.append(path)


sys.addaudithook(_watch)


@pytest.fixture
def opened(filled: SyntheticStudy) -> Any:
    """Return a function → the files below the runs that were opened since it was asked last."""

    def since() -> list[str]:
        found = list(OPENED)
        OPENED.clear()
        return found

    WATCHED.append(str(filled.runs))
    since()
    yield since
    WATCHED.clear()


def test_tensorboard_finds_the_plugin_installed_with_the_package() -> None:
    (found,) = (p for p in entry_points(group="tensorboard_plugins") if p.name == "ablations")
    assert found.load() is tab.AblationsPlugin


def test_its_import_loads_nothing_but_itself() -> None:
    program = (
        "import sys\n"
        "from tensorboard.plugins import base_plugin\n"
        "before = set(sys.modules)\n"
        "import ablations.plugin.tab\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    ours = {name for name in done.stdout.split() if name.startswith("ablations")}
    others = {name.split(".")[0] for name in done.stdout.split()} - {"ablations"}
    assert ours == {"ablations", "ablations.plugin", "ablations.plugin.tab"}
    heavy = {"tensorflow", "keras", "numpy", "scipy", "pydantic", "yaml", "matplotlib"}
    assert others.isdisjoint(heavy)


def test_without_an_open_tab_nothing_is_read(filled: SyntheticStudy, opened: Any) -> None:
    plugin = tab.AblationsPlugin(SimpleNamespace(logdir=str(filled.runs)))
    plugin.get_plugin_apps()
    assert plugin.is_active()
    assert plugin.frontend_metadata().tab_name == "Ablations"
    assert opened() == []


def test_an_open_page_reads_again_only_what_has_changed(
    tab: Callable[[Path], Any], filled: SyntheticStudy, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ablations.plugin import open_study

    monkeypatch.setattr(open_study, "FRESH_SECONDS", 0.0)
    shown = tab(filled.runs)
    for view in ("progress", "answer", "effects", "curves"):
        shown.get(view, study=NAME)
    first = [path for path in opened() if path.endswith((".json", ".jsonl", ".yaml"))]
    assert len(first) > 2 * 22
    for view in ("progress", "answer", "effects", "curves"):
        shown.get(view, study=NAME)
    again = [Path(path) for path in opened() if path.endswith((".json", ".jsonl", ".yaml"))]
    assert {path.name for path in again} <= {"result.json", "looks.json"}
    assert {path.parent.name for path in again if path.name == "result.json"} <= {
        "seed-7"
    }  # failed
    filled.add("elu", 3, 0.95)
    shown.get("effects", study=NAME)
    changed = [path for path in opened() if path.endswith("elu/seed-3/result.json")]
    assert len(changed) == 1


def test_an_answer_reads_only_the_study_that_it_is_about(
    tab: Callable[[Path], Any], filled: SyntheticStudy, opened: Any
) -> None:
    import shutil

    shutil.copytree(filled.runs / NAME, filled.runs / "other")
    opened()
    tab(filled.runs).get("progress", study=NAME)
    assert not [p for p in opened() if "/other/" in p and p.endswith((".json", ".jsonl", ".yaml"))]


def test_every_route_has_its_view() -> None:
    assert set(tab.DATA) == {"studies", *routes.VIEWS}


def test_the_page_has_no_inline_script_and_sets_names_as_text_alone() -> None:
    sources = [path for path in STATIC.rglob("*.js") if "vendor" not in path.parts]
    assert len(sources) > 10
    for path in sources:
        text = path.read_text()
        for unsafe in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert unsafe not in text, path
        urls = set(re.findall(r"https?://[^\s'\"]+", text)) - {"http://www.w3.org/2000/svg"}
        assert urls == set(), path
    assert (STATIC / "vendor" / "LICENSE-uplot").is_file()
