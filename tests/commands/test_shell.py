"""The command line as a user meets it: output, exit status, and what is left on disk."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from ablations.cli import main
from ablations.ledger.records import read_history

ABLATIONS = [sys.executable, "-m", "ablations"]


def ablations(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ABLATIONS, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def here(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Do as ``ablations`` in this process, where TensorFlow is imported once for all tests."""
    inline = ("--executor", "inline") if arguments[0] == "run" else ()
    done = CliRunner().invoke(main, [*arguments, *inline])
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def tree(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_one_run_is_trained_and_keeps_the_contract_and_then_nothing_is(workplace: Path) -> None:
    first = here("run", "small", "--arm", "sigmoid", "--seed", "0")
    assert first.returncode == 0, first.stderr
    assert [str(p.parent) for p in Path("runs").rglob("result.json")] == [
        "runs/small/sigmoid/seed-0"
    ]
    files = tree(Path("runs/small/sigmoid/seed-0"))
    assert [name for name in files if not name.startswith("events.out.tfevents.")] == [
        "correct.bin",
        "layers.jsonl",
        "metrics.jsonl",
        "recipe.yaml",
        "result.json",
    ]
    assert len(files) == 6
    result = json.loads(Path("runs/small/sigmoid/seed-0/result.json").read_text())
    assert result["status"] == "completed"
    assert result["updates"] == 2 * (320 // 32)
    assert set(result["seconds"]) == {"compile", "train", "total"}
    assert [e["epoch"] for e in read_history(Path("runs/small/sigmoid/seed-0/metrics.jsonl"))] == [
        1,
        2,
    ]
    before = {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")}
    again = here("run", "small", "--arm", "sigmoid", "--seed", "0")
    assert again.returncode == 0
    assert "nothing to train" in again.stdout
    assert {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")} == before
    anew = here("run", "small", "--arm", "sigmoid", "--seed", "0", "--rerun")
    assert "1 completed" in anew.stdout
    assert len(tree(Path("runs/small/sigmoid/seed-0"))) == 6
    assert (
        json.loads(Path("runs/small/sigmoid/seed-0/result.json").read_text())["metrics"].items()
        >= {name: result["metrics"][name] for name in ("test_accuracy", "test_loss")}.items()
    )


def test_a_changed_recipe_makes_runs_stale_and_running_trains_them_again(workplace: Path) -> None:
    assert here("run", "small", "--seeds", "1").returncode == 0
    study = workplace / "configs" / "small.yaml"
    study.write_text(study.read_text().replace("hidden: [16]", "hidden: [8]"))
    assert here("status", "small").stdout.split("\n")[1].split() == [
        "elu", "0", "0", "1", "0", "0", "0",
    ]  # fmt: skip
    assert "2 completed" in here("run", "small", "--seeds", "1").stdout
    assert here("status", "small").stdout.split("\n")[1].split()[1] == "1"


def test_a_diverged_run_is_recorded_counted_and_not_a_failure(workplace: Path) -> None:
    wild = ["--set", "training.optimizer.learning_rate=1e30", "--set", "training.epochs=3"]
    done = here("run", "small", "--arm", "elu", "--seeds", "2", *wild)
    assert done.returncode == 0, done.stderr
    assert "2 diverged" in done.stdout
    (path,) = Path("runs").glob("small+training.epochs=3+*/elu/seed-0/result.json")
    result = json.loads(path.read_text())
    assert result["status"] == "diverged"
    assert "not finite" in result["reason"]
    assert "test_accuracy" not in result["metrics"]
    assert "nothing to train" in here(
        "run", "small", "--arm", "elu", "--seeds", "2", *wild
    ).stdout  # fmt: skip


@pytest.mark.slow
def test_a_run_that_fails_gives_status_1_and_keeps_its_reason(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variant = "small+training.keep_checkpoint=true"
    Path(f"runs/{variant}/elu/seed-0/recipe.yaml").mkdir(parents=True)
    Path("sitecustomize.py").write_text(
        "import ablations.files as files\n"
        "def full(path, content): raise OSError(28, 'No space left on device')\n"
        "import ablations.training.checkpoint as c\nc.write_atomically = full\n"
    )
    done = ablations(
        "run", "small", "--arm", "elu", "--seed", "0", "--set", "training.keep_checkpoint=true",
        PYTHONPATH=f"{workplace}:{Path(__file__).parents[2]}",
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "failed: OSError" in done.stdout
    result = json.loads(Path(f"runs/{variant}/elu/seed-0/result.json").read_text())
    assert (result["status"], "No space left" in result["reason"]) == ("failed", True)
    assert "1 failed" in ablations("plan", variant).stdout
    assert ablations("run", variant, "--arm", "elu", "--seed", "0").returncode == 0


@pytest.mark.parametrize("run", [here, ablations], ids=["inline", "processes"])
def test_a_run_directory_that_cannot_be_made_fails_its_runs_and_no_others(
    workplace: Path, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    Path("runs/small").mkdir(parents=True)
    Path("runs/small/elu").write_text("in the way")
    done = run("run", "small", "--seeds", "1")
    assert done.returncode == 1, done.stderr
    assert "small/elu/seed-0: failed: NotADirectoryError" in done.stdout
    assert "1 completed, 1 failed" in done.stdout
    assert "Traceback" not in done.stderr


def _as_in_a_terminal() -> None:
    """Heed SIGINT, which a shell's background jobs ignore, and with them the tests."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_keeps_what_is_finished_and_exits_130(workplace: Path) -> None:
    command = [*ABLATIONS, "run", "small", "--seeds", "40", "--set", "training.epochs=500"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_as_in_a_terminal,
    ) as running:
        assert running.stdout is not None
        assert any("test accuracy" in line for line in iter(running.stdout.readline, ""))
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to parent and workers alike
        told, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert errors.strip() == "interrupted; everything finished is kept"
    left = r"small\S*: (epoch \d+ of 500 is saved|no epoch is saved yet); the next run"
    assert re.search(left, told), told
    finished = list(Path("runs").rglob("result.json"))
    assert finished
    assert all(json.loads(path.read_text())["status"] == "completed" for path in finished)
    status = ablations("status", "small", "--runs", "runs").stdout
    assert " 1 " not in status.split("\n")[1][30:40]  # nothing is left running
    deadline = time.monotonic() + 20
    while _workers(running.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _workers(running.pid) == []


def _workers(group: int) -> list[str]:
    listed = subprocess.run(["ps", "-eo", "pgid,pid"], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listed.stdout.splitlines()[1:]]
    return [pid for pgid, pid in rows if pgid == str(group)]


def test_plan_shows_every_difference_and_the_parameters(workplace: Path) -> None:
    shown = ablations("plan", "small").stdout
    assert "4 runs: 4 pending" in shown
    assert "model.activation.name: elu → sigmoid" in shown
    assert f"{64 * 16 + 16 + 16 * 10 + 10:,}" in shown


def test_list_shows_questions_and_arms_and_a_broken_study_is_named(workplace: Path) -> None:
    (workplace / "configs" / "broken.yaml").write_text("study: broken\nquestion: [\n")
    listed = ablations("list")
    assert "Does ELU beat the logistic function?" in listed.stdout
    assert "elu*, sigmoid" in listed.stdout
    assert listed.returncode == 2
    assert listed.stderr.startswith("configs/broken.yaml:3:1: not YAML")


BAD_REQUESTS = [
    (["run", "smal"], 'no study "smal" in configs/ or here; did you mean "small"?'),
    (["run", "small", "--arm", "sigmod"], 'no arm is called "sigmod"; did you mean "sigmoid"?'),
    (["run", "small", "--set", "training.epoch=1"], 'unknown key "epoch"; did you mean "epochs"?'),
    (["run", "small", "--set", "training.epochs=ten"], "--set training.epochs: wants a whole"),
    (["run", "small", "--set", "epochs=3"], "wants a dotted path of the base"),
    (["run", "small", "--set", "training.batch_size=5000"], "fill no batch of 5000"),
    (["run", "small", "--set", "data.name=fashion_mnst"], 'unknown data set "fashion_mnst"'),
    (["run", "small", "--device", "gpu"], "--device gpu: no GPU is visible here"),
    (["run", "small", "--runs", "configs/small.yaml/x"], "is not a directory"),
    (["report", "small"], "small"),
    (["tensorboard"], "no runs yet"),
]


@pytest.mark.parametrize(("request_", "line"), BAD_REQUESTS, ids=lambda value: str(value)[:50])
def test_a_bad_request_is_one_clear_line_with_status_2_and_writes_nothing(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, request_: list[str], line: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    before = tree(workplace)
    done = here(*request_)
    assert done.returncode == 2
    assert line in done.stderr
    assert len(done.stderr.strip().split("\n")) == 1
    assert tree(workplace) == before


@pytest.mark.parametrize("command", ["plan", "run"])
def test_layers_that_are_not_there_are_known_before_training(workplace: Path, command: str) -> None:
    study = workplace / "configs" / "small.yaml"
    source = "transfer.source: {name: autoencoder, epochs: 1}"
    arm = f"  frozen: {{{source}, transfer.freeze: hiden1}}\n"
    study.write_text(study.read_text().replace("arms:\n", f"arms:\n{arm}"))
    before = tree(workplace)
    done = ablations(command, "small")
    assert done.returncode == 2
    wanted = 'arm frozen: transfer.freeze: "hiden1" matches no layer with weights; Known: hidden1'
    assert wanted in done.stderr
    assert len(done.stderr.strip().split("\n")) == 1
    assert tree(workplace) == before


def test_a_missing_data_set_says_which_files_go_where_and_writes_nothing(workplace: Path) -> None:
    study = workplace / "configs" / "small.yaml"
    study.write_text(study.read_text().replace("name: digits", "name: fashion_mnist"))
    before = tree(workplace)
    done = ablations(
        "run", "small", "--data", "nowhere", KERAS_HOME=str(workplace / "keras"),
        https_proxy="http://127.0.0.1:9", HTTPS_PROXY="http://127.0.0.1:9",
    )  # fmt: skip
    assert done.returncode == 2
    assert "train-images-idx3-ubyte" in done.stderr
    assert "the download failed (" in done.stderr
    assert "nowhere/fashion_mnist/" in done.stderr
    assert len(done.stderr.strip().split("\n")) == 1
    assert [name for name in tree(workplace) if not name.startswith("keras/")] == before


def test_a_link_out_of_the_runs_directory_is_not_followed(workplace: Path) -> None:
    outside = workplace / "outside"
    outside.mkdir()
    (workplace / "runs").mkdir()
    (workplace / "runs" / "small").symlink_to(outside)
    done = ablations("run", "small")
    assert done.returncode == 2
    assert "leads out of runs" in done.stderr
    assert list(outside.iterdir()) == []
