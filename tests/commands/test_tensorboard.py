"""``ablations tensorboard``: its links, and that nothing of it outlives it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from ablations.commands.tensorboard import tensorboard


class BecameTensorBoardError(Exception):
    """Stands for the process that would now be TensorBoard's."""


@pytest.fixture
def links(workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Return a function: study → title → link, and the command in ``links.command``."""

    def become(path: str, command: list[str]) -> None:
        raise BecameTensorBoardError(path, command)

    monkeypatch.setattr(os, "execv", become)

    def run(study: str | None) -> tuple[dict[str, str], list[str]]:
        with pytest.raises(BecameTensorBoardError) as became:
            tensorboard(study, (), Path("runs"), 7007)
        shown = [line.rsplit(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
        return {title.strip(): link for title, link in shown}, became.value.args[1]

    return run


def query(link: str) -> dict[str, str]:
    return {key: value for key, (value,) in parse_qs(urlsplit(link).query).items()}


def test_a_link_opens_its_view_of_one_study(links) -> None:
    Path("runs/small").mkdir(parents=True)
    shown, command = links("small")
    assert all(link.startswith("http://localhost:7007/") for link in shown.values())
    curves = shown["curves, one colour an arm"]
    assert urlsplit(curves).fragment == "timeseries"
    assert query(curves) == {
        "smoothing": "0",
        "tagFilter": "^(train|validation)",
        "runFilter": "^(?!tuning/)",
        "runColorGroup": "regex:^([^/]+)/",
    }
    bands = urlsplit(shown["mean and band over seeds"]).fragment
    assert unquote(bands) == "custom_scalars&regexInput=^summary"
    assert shown["arms and final metrics"] == "http://localhost:7007/#hparams"
    report = urlsplit(shown["report, once it is written"]).fragment
    assert unquote(report) == "text&regexInput=^[^/]+$"
    assert command[command.index("--logdir") + 1] == "runs/small"
    assert command[command.index("--port") + 1] == "7007"


def test_of_all_studies_a_link_filters_below_each(links) -> None:
    Path("runs/small").mkdir(parents=True)
    shown, command = links(None)
    curves = query(shown["curves, one colour an arm"])
    assert curves["runFilter"] == "^[^/]+/(?!tuning/)"
    assert curves["runColorGroup"] == "regex:^([^/]+/[^/]+)/"
    assert command[command.index("--logdir") + 1] == "runs"


@pytest.mark.parametrize("study", ["small", None])
def test_the_link_to_the_tuning_is_there_only_where_there_is_one(links, study) -> None:
    Path("runs/small/elu").mkdir(parents=True)
    assert "trials of the tuning" not in links(study)[0]
    Path("runs/small/tuning").mkdir()
    above = "" if study else "[^/]+/"
    assert query(links(study)[0]["trials of the tuning"]) == {
        "smoothing": "0",
        "tagFilter": "^validation",
        "runFilter": f"^{above}tuning/",
        "runColorGroup": f"regex:^{above}tuning/(.+)/",
    }


def test_the_link_to_the_gradients_is_there_only_where_they_are_recorded(links) -> None:
    Path("runs/small").mkdir(parents=True)
    assert "gradients, first seed" in links("small")[0]
    study = Path("configs/small.yaml")
    off = "  telemetry: {histograms_every_epochs: 0}\ncontrol:"
    study.write_text(study.read_text().replace("control:", off))
    assert "gradients, first seed" not in links("small")[0]


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


def test_the_server_ends_with_the_command(workplace: Path) -> None:
    Path("runs/small").mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "ablations", "tensorboard", "small", "--port", str(port)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as running:
        try:
            deadline = time.monotonic() + 120
            while not _serves(port) and time.monotonic() < deadline:
                assert running.poll() is None
                time.sleep(0.2)
            assert _serves(port)
            running.send_signal(signal.SIGTERM)
            running.wait(timeout=30)
            deadline = time.monotonic() + 10
            while (_group(running.pid) or _serves(port)) and time.monotonic() < deadline:
                time.sleep(0.1)
            assert _group(running.pid) == []
            assert not _serves(port)
        finally:
            running.kill()
