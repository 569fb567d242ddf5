"""Every command of the pages runs, every block of Python is executed, every study loads.

A page is followed from its first block to its last, in an empty directory, as a reader would.
Studies are shrunk to seconds (``tests/support/shrunk.py``), data sets are small drawn ones, runs
are trained in this process, and a user's code is called in it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ablations.cli import main
from ablations.commands import studies
from ablations.data.locate import DIRECTORY_VARIABLE
from ablations.errors import StudyError
from ablations.study.yaml_reader import read_yaml
from ablations.study.yaml_writer import to_yaml
from ablations.telemetry.event_file import EventFile
from ablations.telemetry.summaries import scalar
from tests.support.documents import PAGES, ROOT, Block, blocks, words
from tests.support.idx import small_images, write_idx
from tests.support.shrunk import shrunk, whole

pytestmark = pytest.mark.slow

TECHNIQUE_PAGE = "docs/writing-a-technique.md"
"""Followed by ``test_technique_page.py``, in a copy of the repository."""
NOT_RUN = {
    r"pip install .*": "installs packages",
    r"git worktree add .*": "wants a repository with a tag",
    r"rsync .*": "wants another machine",
    r"ray (start|stop).*": "starts a cluster",
    r"export RAY_AUTH_MODE=token": "is for a cluster",
    r"ablations run \w+ --executor ray --address .*": "wants a cluster",
    r"ablations run \w+ --device gpu": "wants a GPU",
}
"""What no test can run → why."""
ELSEWHERE = {
    r"ablations doctor": "tests/commands/test_doctor.py",
    r".*_ABLATIONS_COMPLETE=.*": "tests/commands/test_completion.py",
    r"ablations run (rates|program)": "tests/commands/test_new.py",
    r"ablations run \w+ --executor ray": "tests/execution/test_ray.py",
    r"ablations run .* --devices-per-run 2": "tests/training/trainers/compiled/test_replicas.py",
}
"""What wants a process, or a machine, of its own → the tests that run it."""
OUTSIDE = ("cp",)
"""Other programs whose commands are run as they stand."""
SAID = {"check": (0, 1, 3)}
"""Command → the exit statuses that say that it worked; 0 of all others."""
SLURM = {"SLURM_ARRAY_TASK_ID": "1", "SLURM_CPUS_PER_TASK": "1"}


def is_left(command: str) -> bool:
    return any(re.fullmatch(pattern, command) for pattern in (*NOT_RUN, *ELSEWHERE))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory to work in, with ``configs/`` and small data, where nothing costs time."""
    here = tmp_path / "here"
    here.mkdir()
    for name in ("mnist", "fashion_mnist"):
        write_idx(tmp_path / "data" / name, small_images(train=200, test=50))
    monkeypatch.chdir(here)
    monkeypatch.syspath_prepend(here)
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(tmp_path / "data"))
    for name, value in SLURM.items():
        monkeypatch.setenv(name, value)
    _spare_time(monkeypatch)
    return here


def _spare_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train and call in this process; let TensorBoard not start; shrink studies of Python."""
    from ablations.commands import tensorboard
    from ablations.execution import apart, executor
    from ablations.interface import study as interface

    written = interface.studies_of
    inline = {**executor.EXECUTORS, "processes": executor.EXECUTORS["inline"]}
    monkeypatch.setattr(executor, "EXECUTORS", inline)
    monkeypatch.setattr(interface, "studies_of", lambda content: written(shrunk(content, ())))
    monkeypatch.setattr(
        apart.SeparateProcess, "_call", lambda _, function, arguments: function(*arguments)
    )
    monkeypatch.setattr(tensorboard, "_check_port", lambda *_: None)
    monkeypatch.setattr(os, "execv", lambda *_: None)


class Reader:
    """Follows one page."""

    def __init__(self, page: str) -> None:
        self.page, self.names = page, dict[str, Any]()
        self.arms = set(re.findall(r"--arm (\w+)", PAGES[page]))
        """Those that the page's commands name."""

    def follow(self) -> None:
        by_language: dict[str, Callable[[Block], None]] = {
            "sh": self.run_all,
            "yaml": self.load,
            "python": self.execute,
            "csv": self.write,
        }
        for block in blocks(self.page):
            if block.language != "text":
                by_language[block.language](block)

    def load(self, block: Block) -> None:
        """See that a study, or a part of one, loads; keep it, shrunk, for the commands below."""
        shown = read_yaml(block.text, self.page).data
        if "jobs" in shown:
            steps = [step for job in shown["jobs"].values() for step in job["steps"]]
            for step in steps:
                self.run(step.get("run", "true"))
            return
        study = whole(shown)
        self.keep(Path(block.file or f"{study['study']}.yaml"), study)

    def keep(self, path: Path, study: dict[str, Any]) -> None:
        path.write_text(to_yaml(study))
        studies.load(str(path))
        path.write_text(to_yaml(shrunk(study, self.arms)))
        try:
            studies.load(str(path))
        except StudyError as error:
            pytest.fail(f"shrunk too far: {error}")

    def write(self, block: Block) -> None:
        Path(block.file).write_text(block.text)

    def execute(self, block: Block) -> None:
        if block.file:
            self.write(block)
        else:
            exec(compile(block.text, self.page, "exec"), self.names)

    def run_all(self, block: Block) -> None:
        for command in block.commands:
            self.run(command)

    def run(self, command: str) -> None:
        if is_left(command):
            return
        program, *arguments = words(os.path.expandvars(command))
        if program == "ablations":
            self.call(arguments)
        elif program == "make":
            subprocess.run(["make", "--dry-run", *arguments], cwd=ROOT, check=True)
        else:
            assert program in (*OUTSIDE, "true"), f"{command}: neither run nor in the list"
            subprocess.run([program, *arguments], check=True)

    def call(self, arguments: list[str]) -> None:
        if arguments[0] == "tensorboard":
            Path("runs").mkdir(exist_ok=True)
        done = CliRunner().invoke(main, arguments, input="y\n", catch_exceptions=False)
        assert done.exit_code in SAID.get(arguments[0], (0,)), f"{arguments}: {done.output}"
        if arguments[0] == "new":
            path = Path("configs" if Path("configs").is_dir() else "", f"{arguments[1]}.yaml")
            self.keep(path, read_yaml(path.read_text(), str(path)).data)


def before(page: str, place: Path, reader: Reader) -> None:
    """Put in place what a page takes for granted."""
    named = set(re.findall(r"\b(quick|activations)\b", PAGES[page]))
    for name in named:
        (place / "configs").mkdir(exist_ok=True)
        study = read_yaml((ROOT / "configs" / f"{name}.yaml").read_text(), name).data
        reader.keep(place / "configs" / f"{name}.yaml", study)
    (walk,) = (b for b in blocks("docs/own-training.md") if b.file == "walk.py")
    if page == "docs/ci.md":
        for directory in (place, place.parent / "before"):
            directory.mkdir(exist_ok=True)
            (directory / "walk.py").write_text(walk.text)
    if page == "docs/own-training.md":
        for arm, seed in ((arm, seed) for arm in ("base", "other") for seed in range(2)):
            run = place / "logs" / arm / f"run{seed}"
            run.mkdir(parents=True)
            with EventFile(run) as file:
                file.write(1, scalar("eval/loss", 0.5 + seed / 10))


@pytest.fixture
def forgotten(place: Path) -> Iterator[None]:
    """Forget the modules that a page wrote."""
    yield
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(place)):
            del sys.modules[name]


@pytest.mark.parametrize("page", sorted(PAGES.keys() - {TECHNIQUE_PAGE}))
def test_a_page_can_be_followed(page: str, place: Path, tensorflow: Any, forgotten: None) -> None:
    reader = Reader(page)
    before(page, place, reader)
    reader.follow()


def test_what_is_not_run_is_on_a_page_and_elsewhere_is_there() -> None:
    commands = [c for page in PAGES for b in blocks(page) if b.language == "sh" for c in b.commands]
    commands += re.findall(r"- run: (.*?)(?: +#.*)?$", "\n".join(PAGES.values()), re.MULTILINE)
    unused = [p for p in (*NOT_RUN, *ELSEWHERE) if not any(re.fullmatch(p, c) for c in commands)]
    assert unused == []
    assert [path for path in ELSEWHERE.values() if not (ROOT / path).is_file()] == []
