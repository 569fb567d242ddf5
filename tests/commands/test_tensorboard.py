"""``ablations tensorboard``: its links, and that nothing of it outlives it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pytest

from ablations.commands.tensorboard import tensorboard
from ablations.errors import AblationsError
from ablations.study.expand import Run
from ablations.study.free_recipes import FreeRecipe
from ablations.telemetry.bands import EpochBand
from ablations.telemetry.event_file import EventFile
from ablations.telemetry.run_events import RunEvents
from ablations.telemetry.study_events import write_answer, write_bands, write_report
from ablations.telemetry.summaries import scalar

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (640).to_bytes(4, "big") + (480).to_bytes(4, "big")
Links = Callable[..., tuple[dict[str, str], list[str]]]


class BecameTensorBoardError(Exception):
    """Stands for the process that would now be TensorBoard's."""


@pytest.fixture
def links(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Links:
    """Return a function: study, other options → title → link, and the command."""

    def become(path: str, command: list[str]) -> None:
        raise BecameTensorBoardError(path, command)

    monkeypatch.setattr(os, "execv", become)

    def run(study: str | None, **options: str) -> tuple[dict[str, str], list[str]]:
        with pytest.raises(BecameTensorBoardError) as became:
            tensorboard(study, (), Path("runs"), 7007, **options)
        lines = (line for line in capsys.readouterr().out.splitlines() if "://" in line)
        shown = [line.rsplit(maxsplit=1) for line in lines]
        return {title.strip(): link for title, link in shown}, became.value.args[1]

    return run


def leave(*paths: str) -> None:
    """Leave files as a study called small does."""
    for path in paths:
        file = Path("runs/small") / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def query(link: str) -> dict[str, str]:
    return {key: value for key, (value,) in parse_qs(urlsplit(link).query).items()}


def fragment(link: str) -> str:
    return unquote(urlsplit(link).fragment)


def leave_run(
    path: str = "elu/seed-0", graph: bytes = b"", tags: tuple[str, ...] = ()
) -> Callable[[], None]:
    """Return what leaves the event file of a run that has logged scalars, and histograms."""

    def write() -> None:
        directory = Path("runs/small") / path
        directory.mkdir(parents=True, exist_ok=True)
        histograms = {tag: np.ones((2, 3), np.float32) for tag in tags if "log10" in tag}
        with RunEvents(directory) as events:
            events.start_session(Run("small", "elu", 0, FreeRecipe()), {}, "")
            events.write_network({}, graph)
            events.write_own(1, {tag: 0.5 for tag in tags if tag not in histograms})
            events.write_histograms(1, histograms)
            events.end_session(1, {"error": 0.5}, completed=True)

    return write


def leave_imported() -> None:
    """Leave an event file as another program wrote it."""
    directory = Path("runs/small/elu/seed-3")
    directory.mkdir(parents=True)
    with EventFile(directory) as file:
        file.write(1, scalar("loss", 0.5), scalar("valid/auc", 0.9))


def leave_summary(metric: str = "loss") -> None:
    write_bands(Path("runs/small/summary/elu"), [EpochBand(1, {metric: (0.5, 0.1)})])


OF_RUNS = ["arms and final metrics"]
CURVES, FIRST = "curves, one colour an arm", "layers, first seed"


@pytest.mark.parametrize(
    ("leaving", "titles"),
    [
        (lambda: leave("elu/seed-0/recipe.yaml"), []),
        (lambda: leave("elu/seed-0/events.out.tfevents.1", "elu/seed-0/layers.jsonl"), []),
        (leave_run(), OF_RUNS),
        (leave_run(tags=("loss",)), [CURVES, *OF_RUNS]),
        (leave_run(tags=("valid/auc",)), [CURVES, *OF_RUNS]),
        (leave_run(tags=("layers/gradient_norm/a",)), [*OF_RUNS, "layers, first seed"]),
        (leave_run(tags=("gradient_log10/a",)), [*OF_RUNS, "gradients, first seed"]),
        (leave_run(graph=b"a graph"), [*OF_RUNS, "network"]),
        (leave_imported, [CURVES]),
        (leave_summary, ["mean curves of the arms", "mean and band over seeds"]),
        (lambda: write_answer(Path("runs/small"), "it is"), ["answer and report"]),
        (lambda: write_report(Path("runs/small"), "all", {}), ["answer and report"]),
        (
            lambda: write_report(Path("runs/small"), "all", {"effects": PNG}),
            ["answer and report", "figures of the report"],
        ),
        (leave_run("tuning/elu/rate-1/seed-100", tags=("loss",)), ["trials of the tuning"]),
        (leave_run("tuning/elu/rate-1/seed-100"), []),
        (leave_run(".replaced/elu/seed-0", tags=("loss",)), []),
    ],
)
@pytest.mark.parametrize("study", ["small", None])
def test_a_link_is_there_if_the_event_files_hold_what_it_shows(
    links: Links, study: str | None, leaving: Callable[[], None], titles: list[str]
) -> None:
    Path("runs/small").mkdir(parents=True)
    leaving()
    assert list(links(study)[0]) == ["the Ablations tab", *titles]


@pytest.mark.parametrize("metric", ["loss", "valid/auc"])
def test_a_filter_of_curves_matches_what_an_own_trainer_logs(links: Links, metric: str) -> None:
    leave_run(tags=(metric, "gradient_log10/a"))()
    leave_summary(metric)
    shown, _ = links("small")
    own = f"curves/{metric}" if metric == "loss" else metric
    for title in (CURVES, "mean curves of the arms"):
        tag = re.compile(query(shown[title])["tagFilter"])
        assert tag.search(own)
        assert not any(map(tag.search, ("final/error", "gradient_log10/a", "interval/loss/mean")))


def test_the_first_seed_is_the_first_that_there_is(links: Links) -> None:
    for seed in (11, 3):
        leave_run(f"elu/seed-{seed}", tags=("layers/gradient_norm/a",))()
    assert query(links("small")[0][FIRST])["runFilter"] == "^(?!tuning/)[^/]+/seed-3$"


def test_a_file_that_grows_or_is_none_stops_nothing(links: Links) -> None:
    leave_run(tags=("loss",))()
    (path,) = Path("runs/small/elu/seed-0").iterdir()
    with path.open("ab") as stream:
        stream.write(b"torn")
    leave("elu/seed-1/events.out.tfevents.1")
    assert CURVES in links("small")[0]


def test_the_first_link_opens_the_ablations_tab(links: Links) -> None:
    leave("recipe.yaml")
    assert links("small")[0]["the Ablations tab"] == "http://localhost:7007/#ablations"


def test_a_link_opens_its_view_of_one_study(links: Links) -> None:
    leave_run(tags=("loss",))()
    leave_summary()
    write_report(Path("runs/small"), "all", {})
    shown, command = links("small")
    assert all(link.startswith("http://localhost:7007/") for link in shown.values())
    curves = shown["curves, one colour an arm"]
    assert urlsplit(curves).fragment == "timeseries"
    assert query(curves) == {
        "smoothing": "0",
        "tagFilter": "^curves/",
        "runFilter": "^(?!tuning/|summary/)[^/]+/",
        "runColorGroup": "regex:^([^/]+)/",
    }
    assert query(shown["mean curves of the arms"])["runFilter"] == "^summary/"
    bands = fragment(shown["mean and band over seeds"])
    assert bands == "custom_scalars&regexInput=^summary"
    assert shown["arms and final metrics"] == "http://localhost:7007/#hparams"
    assert fragment(shown["answer and report"]) == r"text&regexInput=^\.$"
    assert command[command.index("--logdir") + 1] == "runs/small"
    assert command[command.index("--port") + 1] == "7007"
    assert command[command.index("--host") + 1] == "localhost"


def test_of_all_studies_a_link_filters_below_each(links: Links) -> None:
    leave_run(tags=("loss",))()
    write_report(Path("runs/small"), "all", {})
    shown, command = links(None)
    curves = query(shown["curves, one colour an arm"])
    assert curves["runFilter"] == "^[^/]+/(?!tuning/|summary/)[^/]+/"
    assert curves["runColorGroup"] == "regex:^([^/]+/[^/]+)/"
    assert fragment(shown["answer and report"]) == "text&regexInput=^[^/]+$"
    assert command[command.index("--logdir") + 1] == "runs"


@pytest.mark.parametrize("study", ["small", None])
def test_the_trials_of_the_tuning_have_a_link_of_their_own(links: Links, study: str | None) -> None:
    leave_run("tuning/elu/rate-1/seed-100", tags=("validation_accuracy", "loss"))()
    above = "" if study else "[^/]+/"
    assert query(links(study)[0]["trials of the tuning"]) == {
        "smoothing": "0",
        "tagFilter": "^curves/validation",
        "runFilter": f"^{above}tuning/",
        "runColorGroup": f"regex:^{above}tuning/(.+)/",
    }


@pytest.mark.parametrize(
    ("host", "named"),
    [("0.0.0.0", "localhost"), ("192.0.2.7", "192.0.2.7"), ("::1", "[::1]")],
)
def test_another_host_is_asked_for(links: Links, host: str, named: str) -> None:
    leave("recipe.yaml")
    shown, command = links("small", host=host)
    assert shown["the Ablations tab"] == f"http://{named}:7007/#ablations"
    assert command[command.index("--host") + 1] == host


def test_a_port_that_is_taken_is_said_before_any_link(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leave("recipe.yaml")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        wanted = f"^--port {port}: another program listens there; wants another, such as --port"
        with pytest.raises(AblationsError, match=wanted):
            tensorboard("small", (), Path("runs"), port)
    assert capsys.readouterr().out == ""


def _serves(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/data/logdir", timeout=1):
            return True
    except OSError:
        return False


def _tabs(port: int) -> list[str]:
    with urllib.request.urlopen(f"http://localhost:{port}/data/plugins_listing") as answer:
        return list(json.load(answer))


def _group(leader: int) -> list[str]:
    listed = subprocess.run(["ps", "-eo", "pgid,stat"], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listed.stdout.splitlines()[1:]]
    return [state for group, state in rows if group == str(leader) and state[0] != "Z"]


def test_the_first_link_is_opened_and_the_server_ends_with_the_command(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave("recipe.yaml")
    browser = Path("browser")
    browser.write_text('#!/bin/sh\necho "$1" > opened\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser.resolve()} %s")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "ablations", "tensorboard", "small", "--port", str(port)]
    with subprocess.Popen(
        [*command, "--open"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            opened, deadline = Path("opened"), time.monotonic() + 120
            while not opened.exists() and time.monotonic() < deadline:
                assert running.poll() is None
                time.sleep(0.2)
            assert _serves(port)
            assert _tabs(port)[0] == "ablations"
            assert opened.read_text() == f"http://localhost:{port}/#ablations\n"
            running.send_signal(signal.SIGTERM)
            running.wait(timeout=30)
            deadline = time.monotonic() + 10
            while (_group(running.pid) or _serves(port)) and time.monotonic() < deadline:
                time.sleep(0.1)
            assert running.stderr is not None
            said = running.stderr.read()
            assert f" at http://localhost:{port}/" in said
            assert not re.search("TensorFlow|oneDNN|cuda|absl", said)
            assert _group(running.pid) == []
            assert not _serves(port)
        finally:
            running.kill()
