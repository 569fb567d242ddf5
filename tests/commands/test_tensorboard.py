"""``ablations tensorboard``: its links, and that nothing of it outlives it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from ablations.commands.tensorboard import tensorboard

EVENTS = "events.out.tfevents.1"
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
        shown = [line.rsplit(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
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


OF_RUNS = ["curves, one colour an arm", "arms and final metrics", "network"]


@pytest.mark.parametrize(
    ("left", "titles"),
    [
        ("elu/seed-0/recipe.yaml", []),
        (f"elu/seed-0/{EVENTS}", OF_RUNS),
        ("elu/seed-0/layers.jsonl", ["layers, first seed", "gradients, first seed"]),
        (
            f"summary/elu/{EVENTS}.band",
            ["mean curves of the arms", "mean and band over seeds"],
        ),
        (f"{EVENTS}.answer", ["answer and report"]),
        (f"{EVENTS}.report", ["answer and report", "figures of the report"]),
        ("tuning/elu/rate-1/seed-100/result.json", ["trials of the tuning"]),
        (f".replaced/elu/seed-0/{EVENTS}", []),
    ],
)
@pytest.mark.parametrize("study", ["small", None])
def test_there_is_no_link_to_what_a_study_does_not_have(
    links: Links, study: str | None, left: str, titles: list[str]
) -> None:
    leave(left)
    assert list(links(study)[0]) == ["the Ablations tab", *titles]


def test_the_first_link_opens_the_ablations_tab(links: Links) -> None:
    leave("recipe.yaml")
    assert links("small")[0]["the Ablations tab"] == "http://localhost:7007/#ablations"


def test_a_link_opens_its_view_of_one_study(links: Links) -> None:
    leave(f"elu/seed-0/{EVENTS}", f"summary/elu/{EVENTS}", f"{EVENTS}.report")
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
    leave(f"elu/seed-0/{EVENTS}", f"{EVENTS}.report")
    shown, command = links(None)
    curves = query(shown["curves, one colour an arm"])
    assert curves["runFilter"] == "^[^/]+/(?!tuning/|summary/)[^/]+/"
    assert curves["runColorGroup"] == "regex:^([^/]+/[^/]+)/"
    assert fragment(shown["answer and report"]) == "text&regexInput=^[^/]+$"
    assert command[command.index("--logdir") + 1] == "runs"


@pytest.mark.parametrize("study", ["small", None])
def test_the_trials_of_the_tuning_have_a_link_of_their_own(links: Links, study: str | None) -> None:
    leave("tuning/elu/rate-1/seed-100/result.json")
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


def _serves(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/data/logdir", timeout=1):
            return True
    except OSError:
        return False


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
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as running:
        try:
            opened, deadline = Path("opened"), time.monotonic() + 120
            while not opened.exists() and time.monotonic() < deadline:
                assert running.poll() is None
                time.sleep(0.2)
            assert _serves(port)
            assert opened.read_text() == f"http://localhost:{port}/#ablations\n"
            running.send_signal(signal.SIGTERM)
            running.wait(timeout=30)
            deadline = time.monotonic() + 10
            while (_group(running.pid) or _serves(port)) and time.monotonic() < deadline:
                time.sleep(0.1)
            assert _group(running.pid) == []
            assert not _serves(port)
        finally:
            running.kill()
