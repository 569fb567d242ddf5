"""The user's own files that a function or a program is made of, found without running them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from ablations.named_files import files_behind_words, files_in_words, files_matching, files_named
from ablations.own_files import Imported, changed, imported_from, recorded, shown


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def write(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def imported(name: str, *package: str) -> list[str]:
    return sorted(shown(Path(path)) for path in imported_from(Path(name), package))


def made_of(*words: str) -> list[str]:
    return [shown(path) for path in (*files_in_words(words), *files_behind_words(words))]


def test_all_forms_of_imports_are_followed_wherever_they_stand() -> None:
    write(
        {
            "train.py": "import a\nfrom b import value\nfrom pack import inner, CONSTANT\n"
            "import pack.deep.leaf as leaf\n"
            "def f():\n    import late\n"
            "try:\n    import fast\nexcept ImportError:\n    import slow\n"
            "import importlib\nimportlib.import_module('plugin')\n__import__('old')\n"
            "import numpy, json, not_there\n",
            "a.py": "import beyond\n",
            **dict.fromkeys(
                ["b.py", "beyond.py", "late.py", "slow.py", "plugin.py", "old.py", "unused.py"], ""
            ),
            "pack/__init__.py": "CONSTANT = 1\n",
            "pack/inner.py": "from . import beside\nfrom .deep import sibling\n",
            "pack/beside.py": "from .. import too_far\n",
            "pack/unused.py": "",
            "pack/deep/__init__.py": "",
            "pack/deep/leaf.py": "from ..above import thing\n",
            "pack/deep/sibling.py": "",
            "pack/above.py": "import train\n",  # round
        }
    )
    found = imported("train.py")
    assert found == sorted(
        ["a.py", "b.py", "beyond.py", "late.py", "old.py", "plugin.py", "slow.py"]
        + [f"pack/{n}.py" for n in ("__init__", "above", "beside", "inner")]
        + [f"pack/deep/{n}.py" for n in ("__init__", "leaf", "sibling")]
    )


def test_a_star_may_bring_all_modules_of_a_package_and_a_directory_is_one_too() -> None:
    write({"train.py": "from pack import *\nfrom space import tool\n", "pack/__init__.py": ""})
    write({"pack/one.py": "", "pack/two.py": "", "space/tool.py": "", "space/other.py": ""})
    whole = ["pack/__init__.py", "pack/one.py", "pack/two.py"]
    assert imported("train.py") == [*whole, "space/tool.py"]


def test_what_is_installed_is_nobodys_own(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write({"env/pyvenv.cfg": "", "env/lib/site-packages/library.py": "", "other/pyvenv.cfg": ""})
    write({"other/tool.py": "", "train.py": "import library, tool, ablations, numpy, json\n"})
    for place in (here / "env/lib/site-packages", here / "other"):
        monkeypatch.syspath_prepend(str(place))
    assert imported("train.py") == []
    write({"tool.py": ""})  # beside the script, it comes first
    assert imported("train.py") == ["tool.py"]


def test_no_code_runs_and_what_is_no_python_imports_nothing() -> None:
    write({"train.py": "import bomb\n", "bomb.py": "raise SystemExit\nimport after\n"})
    write({"after.py": "this is (no Python\nimport never\n", "never.py": ""})
    assert imported("train.py") == ["after.py", "bomb.py"]


def test_a_module_finds_its_package_and_what_lies_beside_that() -> None:
    write({"pack/__init__.py": "", "pack/net.py": "from . import layers\nimport beside\n"})
    write({"pack/layers.py": "", "beside.py": "", "unused.py": ""})
    assert imported("pack/net.py", "pack") == ["beside.py", "pack/__init__.py", "pack/layers.py"]


PROGRAM = {"cli.py": "import lib\n", "lib.py": "", "conf/a.yaml": "x: 1\n", "unused.py": ""}


@pytest.mark.parametrize(
    "words",
    [
        ["python", "cli.py", "--config", "conf/a.yaml"],
        ["python", "-u", "cli.py", "--config=conf/a.yaml"],
        ["env", "X=1", "python3", "cli.py", "conf/a.yaml"],
        ["torchrun", "--nproc=1", "cli.py", "data.config=conf/a.yaml"],
        ["sh", "-c", "cd . && exec python cli.py --config=conf/a.yaml > log.txt"],
        ["bash", "-ec", 'python "cli.py" conf/a.yaml | tee log.txt; echo done'],
    ],
)
def test_the_files_of_a_command_are_found_in_its_words(words: list[str]) -> None:
    write({**PROGRAM, "log.txt": "written by the run"})
    assert sorted(made_of(*words)) == ["cli.py", "conf/a.yaml", "lib.py"]


def test_a_script_is_read_for_the_programs_that_it_starts() -> None:
    script = 'here=$(dirname "$0")\n# python unused.py\npython "$here/cli.py" \\\n  conf/a.yaml\n'
    write({**PROGRAM, "run.sh": script, "start": "#!/bin/sh\nbash run.sh\n"})
    for words in (["bash", "run.sh"], ["./run.sh"], ["./start"]):
        found = set(made_of(*words))
        assert found - {"start"} == {"run.sh", "cli.py", "lib.py", "conf/a.yaml"}, words
    write({"deep/run.sh": 'python "$(dirname "$0")/cli.py"\n', "deep/cli.py": "import own\n"})
    write({"deep/own.py": ""})
    assert set(made_of("sh", "deep/run.sh")) >= {"deep/run.sh", "deep/cli.py", "deep/own.py"}


def test_a_module_that_is_run_by_its_name_stands_for_its_whole_package() -> None:
    write({"pack/__init__.py": "", "pack/go.py": "import lib\n", "pack/data.py": "", "lib.py": ""})
    write({"pack/__main__.py": "", "pack/table.csv": "1\n", "tool.py": "import lib\n"})
    whole = ["lib.py", *(f"pack/{n}.py" for n in ("__init__", "__main__", "data", "go"))]
    assert made_of("python", "-m", "pack.go") == whole
    assert made_of("python", "-m", "pack") == [name for name in whole if name != "lib.py"]
    assert made_of("python", "-m", "tool") == ["lib.py", "tool.py"]
    assert made_of("python", "-m", "json.tool") == []
    assert made_of("python", "-c", "from pack import go") == ["lib.py", *whole[1:2], "pack/go.py"]


def test_a_program_elsewhere_finds_what_lies_beside_it(here: Path) -> None:
    other = here.parent / "other"
    other.mkdir()
    (other / "train.py").write_text("import beside\n")
    (other / "beside.py").write_text("")
    names = [Path(name).name for name in made_of("python", str(other / "train.py"))]
    assert names == ["train.py", "beside.py"]


def test_settings_name_files_however_deep() -> None:
    write({"teacher.npz": "w", "data/a.csv": "1", "data/b.csv": "2"})
    settings = {"rate": 0.1, "net": {"teacher": "teacher.npz"}, "tables": ["data/a.csv", "data"]}
    assert [shown(path) for path in files_named(settings)] == ["teacher.npz", "data/a.csv"]
    assert files_named({"x": "no such", "y": "a" * 10_000, "z": "a\0b", "w": None}) == []


def test_patterns_leave_out_what_is_hidden_and_what_runs_wrote() -> None:
    write(dict.fromkeys(["a.csv", "deep/b.csv", ".hidden/c.csv", "runs/s/d.csv"], ""))
    write(dict.fromkeys(["report/s/results.csv", "node_modules/e.csv"], ""))
    assert [shown(p) for p in files_matching(Path(), "**/*.csv")] == ["a.csv", "deep/b.csv"]
    assert [shown(p) for p in files_matching(Path(), "runs/s/d.csv")] == ["runs/s/d.csv"]
    assert files_matching(Path(), "/etc/*") == []


def test_what_changed_is_named() -> None:
    write({"a.py": "1", "b.py": "2"})
    made = recorded([Path("a.py"), Path("b.py")])
    assert changed(made) == []
    write({"b.py": "23"})
    os.remove("a.py")
    assert changed(made) == ["a.py", "b.py"]


def test_modules_are_recorded_as_they_were_when_first_seen(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(here))
    write({f"seen_{when}.py": "" for when in ("before_it", "between")})
    write({"seen_after_it.py": "X = 1\n"})
    __import__("seen_before_it")
    modules = Imported()
    __import__("seen_between")
    modules.pass_over()  # a notebook imported it between two runs
    __import__("seen_after_it")
    try:
        first = modules.look()
        assert first == recorded([Path("seen_after_it.py")])
        write({"seen_after_it.py": "X = 23\n"})
        monkeypatch.chdir("..")  # as a user's code may
        assert modules.look() == first
    finally:
        for name in ("seen_before_it", "seen_between", "seen_after_it"):
            del sys.modules[name]
