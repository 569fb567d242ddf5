"""Ray's actors train as every executor does; what they cannot do is a line."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from threading import Timer
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from ablations import __version__
from ablations.cli import main
from ablations.commands import studies
from ablations.errors import AblationsError
from ablations.execution import executor
from ablations.execution.executor import executor_for
from ablations.execution.options import Options
from ablations.execution.processes import SlotKind
from ablations.execution.ray import _Study
from ablations.execution.session import prepare
from ablations.execution.trainer_of_node import Place, Trainer
from ablations.execution.worker import Job, Outcome
from ablations.ledger.records import read_result

FULL = int(os.environ.get("ABLATIONS_FAULT_CYCLES", "1")) > 1
ENDINGS = [signal.SIGTERM, signal.SIGKILL] if FULL else [signal.SIGKILL]
needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed"
)
RAYS_OWN = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")
"""Helpers of Ray that look for its raylet once in a while, and then end."""
KILLED = "the worker process died (SIGKILL, sent by a user or by the system when memory runs out)"
USERS_MODEL = """\
import os, signal

def model(input_shape, classes, activation=None, initializer=None, hidden=None):
    if os.path.exists("runs/small/sigmoid"):  # in training, and not as the model is described
        os.kill(os.getpid(), signal.SIGKILL)
    import keras
    return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(classes)])
"""


def run(*words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "ablations", "run", "small", *words]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def processes_of(session: int) -> list[str]:
    """Return what of a session is alive."""
    listed = subprocess.run(
        ["ps", "-eo", "sid,stat,args"], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
    alive = [args for sid, state, args in rows if sid == str(session) and state[0] != "Z"]
    return [args for args in alive if not args.startswith(RAYS_OWN)]


@pytest.mark.slow
@needs_ray
def test_the_same_run_gives_the_same_bits_inline_and_in_an_actor(
    workplace: Path, tensorflow: object
) -> None:
    done = run("--executor", "ray", "--runs", "two", "--set", "training.keep_checkpoint=true")
    waits = "waits for a node of the cluster that has a device to spare\n"  # a busy machine is slow
    assert (done.returncode, done.stderr.replace(waits, "")) == (0, "")
    assert "4 completed in " in done.stdout
    line = ["run", "small", "--executor", "inline", "--runs", "one"]
    inline = CliRunner().invoke(main, [*line, "--set", "training.keep_checkpoint=true"])
    assert inline.exit_code == 0

    def states(root: str) -> list[bytes]:
        return [p.read_bytes() for p in sorted(Path(root).rglob("state.npz"))]

    assert len(states("one")) == 4
    assert states("one") == states("two")
    assert [p.name for p in Path("two").iterdir()] == [p.name for p in Path("one").iterdir()]


@needs_ray
@pytest.mark.parametrize("number", ENDINGS)
def test_nothing_is_left_of_a_runner_that_ends(workplace: Path, number: int) -> None:
    """Ray of this machine, the actors and their workers included."""
    line = ["run", "small", "--executor", "ray", "--set", "training.epochs=100000"]
    with subprocess.Popen(
        [sys.executable, "-m", "ablations", *line, "--seed", "0", "--workers", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as running:  # fmt: skip
        deadline = time.monotonic() + 60
        while not list(Path("runs").rglob("metrics.jsonl")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        running.send_signal(number)
        _, errors = running.communicate(timeout=60)
    assert "Traceback" not in errors
    if number == signal.SIGTERM:
        assert running.returncode == 143
        assert errors == "interrupted; everything finished is kept\n"
    deadline = time.monotonic() + 10
    while (left := processes_of(running.pid)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


@pytest.mark.slow
@needs_ray
def test_a_users_code_that_kills_its_process_costs_its_own_run_only(workplace: Path) -> None:
    (workplace / "mine.py").write_text(USERS_MODEL)
    path = workplace / "configs" / "small.yaml"
    mine = '{model.name: "python:mine.model"}'
    path.write_text(path.read_text().replace("{model.activation: sigmoid}", mine))
    done = run("--executor", "ray", "--workers", "1", "--seed", "0", "--seed", "1")
    assert done.returncode == 1, done.stderr
    results = {str(p.parent): read_result(p) for p in Path("runs").rglob("result.json")}
    assert {name: each.reason for name, each in results.items()} == {
        "runs/small/elu/seed-0": "",
        "runs/small/elu/seed-1": "",
        "runs/small/sigmoid/seed-0": KILLED,
        "runs/small/sigmoid/seed-1": KILLED,
    }


def test_where_ray_is_missing_a_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(AblationsError, match="Ray is not installed here; wants pip install ray"):
        executor_for(Options(executor="ray"))


@needs_ray
@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1:rays", "ray://127.0.0.1:1"])
def test_a_cluster_that_is_not_there_is_a_line(workplace: Path, address: str) -> None:
    line = ["run", "small", "--executor", "ray", "--address", address]
    done = CliRunner().invoke(main, line)
    assert done.exit_code == 2
    said = [line for line in done.output.splitlines() if not line.startswith("small: ")]
    assert [line.startswith(f"--address {address}: ") for line in said] == [True]
    assert "Traceback" not in done.output


@needs_ray
def test_a_cluster_that_has_ended_is_a_line_at_once(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = workplace / "ray" / "ray_current_cluster"  # Ray leaves it there
    noted.parent.mkdir()
    noted.write_text("127.0.0.1:1\n")
    monkeypatch.setenv("RAY_TMPDIR", str(workplace))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    done = CliRunner().invoke(main, ["run", "small", "--executor", "ray", "--address", "auto"])
    assert done.exit_code == 2
    assert "--address auto: 127.0.0.1:1: [Errno 111] Connection refused; wants" in done.output


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    before = Path.cwd()
    mark = tmp_path / "mark"
    mark.touch()
    monkeypatch.setenv("ABLATIONS_DATA", "before")
    yield Place(__version__, tmp_path, mark, "elsewhere", SlotKind.of(Options()))
    os.chdir(before)


def test_a_node_that_shares_all_is_used(place: Place) -> None:
    assert Trainer().begin(place, has_gpu=False) == ""
    assert Path.cwd() == place.directory
    assert os.environ["ABLATIONS_DATA"] == "elsewhere"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mark": Path("/nowhere/mark")}, "does not see /nowhere; wants it on a file system that"),
        ({"directory": Path("/nowhere")}, "does not see /nowhere; wants it on a file system that"),
        ({"version": "0.1"}, f"has ablations {__version__}; wants 0.1"),
    ],
)
def test_a_node_that_does_not_is_not_used_and_says_why(
    place: Place, changes: dict[str, object], said: str
) -> None:
    assert said in Trainer().begin(replace(place, **changes), has_gpu=False)  # type: ignore[arg-type]


def test_ray_is_in_the_table() -> None:
    assert "ray" in executor.EXECUTORS


class _FakeRay:
    """Ray's interface as far as ``_Study`` uses it; an actor answers as ``answers`` says."""

    class exceptions:  # noqa: N801
        class RayError(Exception):
            pass

        class RayActorError(RayError):
            pass

    def __init__(self, answers: Callable[[Job, Future[Outcome]], None]) -> None:
        self._answers = answers
        self.killed: list[object] = []

    def remote(self, **_: object) -> Callable[[type], _FakeRay]:
        return lambda _: self

    def options(self, **_: object) -> SimpleNamespace:
        return SimpleNamespace(remote=self._actor)

    def _actor(self) -> SimpleNamespace:
        begun: Future[str] = Future()
        begun.set_result("")
        return SimpleNamespace(
            begin=SimpleNamespace(remote=lambda *_: SimpleNamespace(future=lambda: begun)),
            train=SimpleNamespace(remote=self._train),
        )

    def _train(self, job: Job) -> SimpleNamespace:
        answer: Future[Outcome] = Future()
        self._answers(job, answer)
        return SimpleNamespace(future=lambda: answer)

    def kill(self, actor: object) -> None:
        self.killed.append(actor)


def test_an_actor_whose_job_failed_is_kept(
    workplace: Path, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error of one job said "a node cannot be used" of its actor, as it was read again."""

    def answer(job: Job, future: Future[Outcome]) -> None:
        if job.seed == 0:
            future.set_exception(_FakeRay.exceptions.RayError("no memory for its arguments"))
        else:
            Timer(0.2, future.set_result, [Outcome(job, None, elsewhere=True)]).start()

    fake = _FakeRay(answer)
    jobs = prepare(studies.load("small")[0], Options(), arms=["elu"]).comparison().jobs()
    outcomes = list(_Study(fake, place, 2, 0.0).train(jobs))
    assert sorted(outcome.job.seed for outcome in outcomes) == [0, 1]
    (failed,) = (outcome.result for outcome in outcomes if outcome.result)
    assert failed.reason == "RayError: no memory for its arguments"
    assert (fake.killed, capsys.readouterr().err) == ([], "")
